import { join } from 'node:path'
import { collect } from '../../../src/features/collect.ts'
import type { Model, SourceModel } from '../../../src/features/model.ts'
import { resolveModel } from '../../../src/features/resolve.ts'
import { definitions, ofVisits, type Variant, visited } from './definitions.ts'

/** A folder of definitions, as processes are started with it, and what it means. */
export interface World {
  readonly variant: Variant
  readonly folder: string
  /** Of payments: what the judge asks for. */
  readonly model: Model
  /** All, also those that nobody is asked about. */
  readonly sources: readonly SourceModel[]
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
  const modelOf = (exports: Record<string, unknown>) => resolveModel(collect([{ file, exports }]))
  const model = modelOf(definitions(variant))
  const others = variant === 'kinds' ? [...modelOf({ ofVisits, visited }).sources.values()] : []
  return { variant, folder, model, sources: [...model.sources.values(), ...others] }
}
