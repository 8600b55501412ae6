import { join } from 'node:path'
import { collect } from '../../../src/features/collect.ts'
import type { Model } from '../../../src/features/model.ts'
import { resolveModel } from '../../../src/features/resolve.ts'
import { definitions, type Variant } from './definitions.ts'

/** A folder of definitions, as processes are started with it, and what it means. */
export interface World {
  readonly variant: Variant
  readonly folder: string
  readonly model: Model
}

/** The topic and the archive table of the only source. */
export const TOPIC = 'payments.auth'
export const TABLE = 'payments_auth'

/** Far enough back for the longest window of any variant, asked for in the past. */
export const HISTORY_MS = 11 * 86_400_000

/** How far in the past the judge asks: a little less than `lookback`, as a test takes its time. */
export const LOOKBACK_MS = 1.9 * 86_400_000

export function worldOf(variant: Variant): World {
  const folder = join(import.meta.dirname, 'variants', variant)
  const file = join(folder, 'definitions.ts')
  return { variant, folder, model: resolveModel(collect([{ file, exports: definitions(variant) }])) }
}
