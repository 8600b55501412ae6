import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { entity, featureGroup, featureService, money, source, type Windowed, z } from '../../src/index.ts'
import type { Whole } from './whole.ts'

export const DAY = 86_400_000
export const T = Date.UTC(2026, 5, 1)

const columns = {
  id: z.string(),
  at: z.int(),
  version: z.int(),
  gone: z.boolean(),
  card_id: z.string(),
  amount: money({ scale: 2 }),
  fraud: z.boolean().optional(),
}
const roles = {
  id: 'id',
  time: 'at',
  version: 'version',
  deleted: 'gone',
  outcome: ['fraud'],
  stream: { topic: 'payments' },
  archive: { table: 'payments' },
} as const
export const payments = source('payments', { schema: z.object(columns), ...roles })
/** The same source with one column more. */
export const wider = source('payments', { schema: z.object({ ...columns, channel: z.string().optional() }), ...roles })
const card = entity('card', { key: { card_id: z.string() } })

export function modelOf(features: Record<string, Windowed>, from: unknown = payments): Model {
  const g = featureGroup('g', { source: from as typeof payments, entity: card, features: features as never })
  const s = featureService('s', { features: [g] })
  return resolveModel(collect([{ file: 'test.ts', exports: { g, s } }]))
}

export const payment = (id: string, day: number, more: object = {}) => ({
  id,
  at: T + day * DAY,
  version: 1,
  gone: false,
  card_id: 'c',
  amount: '10.00',
  ...more,
})

/** Wall clock, epoch milliseconds: tests set it. */
export const time = { now: T + 20 * DAY }
export const clock = () => time.now

/** What the service says of card `c`, in its order: a value, or the status of one that is not ok. */
export async function values(whole: Whole, at = time.now): Promise<unknown[]> {
  const { features, status } = await whole.vectors.answer('s', { keys: { card_id: 'c' }, at })
  return Object.entries(features).map(([name, value]) => status[name] ?? value)
}
