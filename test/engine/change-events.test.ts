import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import {
  avg,
  count,
  countDistinct,
  debezium,
  entity,
  featureGroup,
  featureService,
  last,
  max,
  source,
  sum,
  z,
} from '../../src/index.ts'
import { skippedBelow } from '../../src/stores/skipped-offsets.ts'
import { answer, type OracleEvent } from '../oracle.ts'
import { memoryStores, Whole } from './whole.ts'

const NOW = Date.UTC(2026, 5, 1)
const TOPIC = 'db.public.orders'
const now = () => NOW

const orders = source('orders', {
  schema: z.object({
    id: z.int(),
    at: z.int(),
    card_id: z.string(),
    shop: z.string().nullable(),
    amount: z.int(),
    version: z.int(),
    gone: z.boolean(),
  }),
  id: 'id',
  time: 'at',
  version: 'version',
  deleted: 'gone',
  compute: { place: { version: 1, type: z.string(), of: (row) => row.shop?.toUpperCase() } },
  stream: { topic: TOPIC, decode: debezium() },
  archive: { table: 'orders' },
})
const card = entity('card', { key: { card_id: z.string() } })
/** By a computed key: a row leaves its place where a column changes that keys nothing itself. */
const shop = entity('shop', { key: { shop: z.string() } }).from({ shop: 'place' })
const features = {
  n: count().over('30d'),
  sum: sum(orders.amount).over('30d'),
  avg: avg(orders.amount).over('30d'),
  max: max(orders.amount).over('30d'),
  shops: countDistinct(orders.shop).over('30d'),
  last: last(orders.amount).over('30d'),
}
const byCard = featureGroup('by_card', { source: orders, entity: card, features })
const byShop = featureGroup('by_shop', { source: orders, entity: shop, features })
const model: Model = resolveModel(
  collect([{ file: 'test.ts', exports: { s: featureService('s', { features: [byCard, byShop] }) } }]),
)

interface Order {
  readonly id: number
  readonly at: number
  readonly card_id: string
  readonly shop: string | null
  readonly amount: number
}

const CARDS = ['a', 'b', 'c']
const SHOPS = ['x', 'y', null]

const randomOrder = fc.record({
  at: fc.nat({ max: 4 }).map((n) => NOW - n * 1_000),
  card_id: fc.constantFrom(...CARDS),
  shop: fc.constantFrom(...SHOPS),
  amount: fc.nat({ max: 9 }),
})
/** What happens to the row of an id, if it can: it is inserted, some of it is changed (also its id), or it is deleted. */
const randomChange = fc.record({
  id: fc.nat({ max: 5 }),
  newId: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
  row: randomOrder,
  columns: fc.subarray(['at', 'card_id', 'shop', 'amount'] as const),
  remove: fc.constantFrom(false, false, false, true),
  /** Whether the connector wraps it in its schema, and sends a tombstone of the topic after a delete. */
  verbose: fc.boolean(),
})

/** Carries out changes on a table. Answers its rows at the end, and the change events of all that happened to it. */
function changed(changes: readonly (typeof randomChange extends fc.Arbitrary<infer C> ? C : never)[]) {
  const table = new Map<number, Order>()
  const messages: (object | null)[] = []
  let lsn = 1_000
  for (const { id, newId, row, columns, remove, verbose } of changes) {
    const before = table.get(id) ?? null
    // A row is moved to an id that is free only.
    const to = before === null || newId === null || table.has(newId) ? id : newId
    const change = before === null ? row : Object.fromEntries(columns.map((column) => [column, row[column]]))
    const after = before !== null && remove ? null : ({ ...before, ...change, id: to } as Order)
    table.delete(id)
    if (after !== null) table.set(to, after)
    const op = before === null ? 'c' : after === null ? 'd' : 'u'
    const envelope = { op, before, after, source: { connector: 'postgresql', lsn: lsn++ } }
    messages.push(verbose ? { schema: { type: 'struct', fields: [] }, payload: envelope } : envelope)
    if (after === null && verbose) messages.push(null)
  }
  return { rows: [...table.values()], messages }
}

const games = fc
  .record({
    changes: fc.array(randomChange, { minLength: 1, maxLength: 40 }),
    /** Where each message goes, and which come twice: none is where it was. */
    order: fc.array(fc.nat(), { minLength: 80, maxLength: 80 }),
    twice: fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }),
    /** After so many of them, new definitions begin: what came before must come from the archive. */
    cut: fc.nat({ max: 100 }),
    road: fc.constantFrom('stream' as const, 'archive' as const),
  })
  .map(({ changes, order, twice, ...rest }) => {
    const { rows, messages } = changed(changes)
    const all = messages.flatMap((message, i) => (twice[i] ? [message, message] : [message]))
    const shuffled = all.map((message, i) => ({ message, at: order[i % order.length]! }))
    return { rows, messages: shuffled.sort((a, b) => a.at - b.at).map(({ message }) => message), ...rest }
  })

async function send(whole: Whole, messages: readonly (object | null)[]): Promise<void> {
  const values = messages.map((message) => (message === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(message))))
  await whole.stores.log.append(
    TOPIC,
    values.map((value, i) => ({ key: String(i), value })),
  )
}

function expected(rows: readonly Order[], where: Partial<Order>): Record<string, unknown> {
  const events = rows
    .filter((row) => Object.entries(where).every(([column, value]) => row[column as keyof Order] === value))
    .map(({ id, at, ...values }): OracleEvent => ({ id: String(id), time_ms: at, version: 0, deleted: false, values }))
  const group = 'card_id' in where ? 'by_card' : 'by_shop'
  return Object.fromEntries(
    Object.entries(features).map(([name, { spec }]) => [
      `${group}__${name}_30d`,
      answer(events, { spec, window_ms: 30 * 86_400_000, delay_ms: 0, at_ms: NOW }),
    ]),
  )
}

describe('change events of a table, shuffled and doubled', () => {
  it('give the aggregates of the rows that the table has in the end, by the stream or by archive and backfill', async () => {
    let moved = 0
    await fc.assert(
      fc.asyncProperty(games, async ({ rows, messages, cut, road }) => {
        const stores = memoryStores(now)
        const feeding = await new Whole(model, 'wall', now, stores).open()
        const first = Math.floor((messages.length * cut) / 100)
        await send(feeding, messages.slice(0, first))
        await feeding.archive()
        await send(feeding, messages.slice(first))
        await feeding.archive()
        if (road === 'archive') {
          // All that the log had is gone: only the archive has it.
          for (const { partition, end } of await stores.log.ranges(TOPIC)) {
            await stores.log.trim(TOPIC, partition, end, Number.MAX_SAFE_INTEGER)
          }
        }
        const { store: _, ...kept } = stores
        const whole = await new Whole(model, 'wall', now, { ...kept, store: memoryStores(now).store }).open()
        await whole.stream()
        await whole.backfill()
        expect(whole.quarantined).toEqual([])
        for (const card_id of CARDS) {
          for (const name of ['x', 'y']) {
            const { features: given, status } = await whole.vectors.answer('s', {
              keys: { card_id, shop: name.toUpperCase() },
              at: NOW,
            })
            expect(status).toEqual({})
            expect(given).toEqual({ ...expected(rows, { card_id }), ...expected(rows, { shop: name }) })
          }
        }
        if (rows.length > 1 && messages.length > 10) moved++
      }),
      { numRuns: 300, seed: 31 },
    )
    expect(moved).toBeGreaterThan(50)
  })

  it('account for every message in the archive, also for those that gave two rows or none', async () => {
    const stores = memoryStores(now)
    await stores.log.ensureTopic(TOPIC, 1)
    const whole = await new Whole(model, 'wall', now, stores).open()
    const order: Order = { id: 1, at: NOW - 1, card_id: 'a', shop: 'x', amount: 5 }
    const from = (lsn: number) => ({ connector: 'postgresql', lsn })
    await send(whole, [
      { op: 'c', before: null, after: order, source: from(1) },
      { op: 'u', before: order, after: { ...order, card_id: 'b' }, source: from(2) },
      null,
      { op: 't', source: from(3) },
      { op: 'm', source: from(4) },
    ])
    await whole.stream()
    await whole.archive()
    expect(whole.quarantined).toEqual([expect.stringContaining('op "t": the table was truncated')])
    const { archive } = stores
    expect(await archive.sequences([{ table: 'orders' }], `log/${TOPIC}/0`, 5)).toBe(2)
    expect(await skippedBelow(archive, whole.model.sources.get('orders')!, 0, 5)).toBe(3)
    expect(
      (await archive.stats('orders', { name: 'at', type: { kind: 'time' }, nullable: false }, [], null)).rows,
    ).toBe(3)
  })
})
