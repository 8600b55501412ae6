import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ParsedEvent, TimelineModel } from '../../src/features/model.ts'
import { count, entity, featureGroup, featureService, sum, z } from '../../src/index.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { TimelineAppend } from '../../src/stores/online-store.ts'
import { registerTimelines, type TimelineRecord } from '../../src/stores/timeline-registry.ts'
import { TimelineWriter } from '../../src/stores/timeline-writer.ts'
import { modelOf, payments, untyped } from '../features/definition-kit.ts'

const SEED = 20_261_129
const NOW_MS = Date.UTC(2026, 10, 25)
const DAY_MS = 86_400_000

const source = payments({
  card: z.string().nullish(),
  shop: z.int().nullish(),
  amount: z.int(),
  note: z.string().nullish(),
})
const features = { n: count().over('7d'), spend: sum(untyped(source.amount)).over('7d') }
const byCard = featureGroup(
  'by_card',
  untyped({ source, entity: entity('card', { key: { card: z.string() } }), features }),
)
const byBoth = featureGroup(
  'by_both',
  untyped({ source, entity: entity('both', { key: { card: z.string(), shop: z.int() } }), features }),
)
const all = featureService('all', untyped({ features: [byCard, byBoth] }))
const model = modelOf({ source, byCard, byBoth, all })
const store = new MemoryOnlineStore()
const records = await registerTimelines(store, model, () => ({}), NOW_MS)
const written = [...model.timelines.values()].map((timeline) => ({
  timeline,
  record: records.get(timeline.fingerprint)!,
}))
const { parser } = model.sources.get('payments')!

/** By the book: every event by a writer of its own, and the rows of one key one behind the other. */
function oneByOne(
  timeline: TimelineModel,
  record: TimelineRecord,
  events: readonly ParsedEvent[],
  now_ms: number | null,
) {
  const appends = new Map<string, { rows: Buffer; expires_at_ms: number | null }>()
  for (const event of events) {
    const writer = new TimelineWriter(timeline, record)
    writer.add(event)
    for (const { key, rows, expires_at_ms } of writer.take(now_ms)) {
      const before = appends.get(key)
      const latest = expires_at_ms === null ? null : Math.max(expires_at_ms, before?.expires_at_ms ?? 0)
      appends.set(key, { rows: Buffer.concat([before?.rows ?? Buffer.of(), rows]), expires_at_ms: latest })
    }
  }
  return [...appends].map(([key, append]) => ({ key, ...append }))
}

const plain = (appends: readonly TimelineAppend[]) =>
  appends.map(({ key, rows, expires_at_ms }) => ({ key, rows: Buffer.from(rows).toString('hex'), expires_at_ms }))

describe('a writer', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'card-1', 'card-2', 'a}b', 'é', '😀'.repeat(30), 'x'.repeat(47), 'x'.repeat(49)),
    fc.nat({ max: 600 }).map((number) => `card-${number}`),
  )
  const event = fc
    .record({
      id: fc.string({ minLength: 1, maxLength: 5 }),
      at: fc.integer({ min: NOW_MS - DAY_MS, max: NOW_MS + DAY_MS }).map((ms) => new Date(ms).toISOString()),
      card: fc.option(text),
      shop: fc.option(fc.constantFrom(1, -2, 3)),
      amount: fc.integer(),
      note: fc.option(text),
    })
    .map((given) => parser.parse(given))

  it('joins the rows of each key in their order, with the latest expiry, batch after batch', () => {
    const writers = written.map(({ timeline, record }) => new TimelineWriter(timeline, record))
    let joined = 0
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80, size: 'max' }), fc.constantFrom(NOW_MS, null), (events, now_ms) => {
        for (const one of events) for (const writer of writers) writer.add(one)
        for (const [i, { timeline, record }] of written.entries()) {
          const appends = writers[i]!.take(now_ms)
          joined += events.length - appends.length
          expect(plain(appends)).toEqual(plain(oneByOne(timeline, record, events, now_ms)))
          expect(writers[i]!.take(now_ms)).toEqual([])
        }
      }),
      { seed: SEED, numRuns: 150 },
    )
    expect(joined).toBeGreaterThan(1_000)
  })

  it('takes back what was added last, as if it had never come', () => {
    const writers = written.map(({ timeline, record }) => new TimelineWriter(timeline, record))
    const message = fc.record({ events: fc.array(event, { minLength: 1, maxLength: 3 }), refused: fc.boolean() })
    let takenBack = 0
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60, size: 'max' }), (messages) => {
        for (const { events, refused } of messages) {
          if (refused) takenBack += events.length
          for (const writer of writers) for (const one of events) writer.add(one)
          for (const writer of refused ? writers : []) writer.takeBack(events)
        }
        const kept = messages.flatMap(({ events, refused }) => (refused ? [] : events))
        for (const [i, { timeline, record }] of written.entries()) {
          expect(plain(writers[i]!.take(NOW_MS))).toEqual(plain(oneByOne(timeline, record, kept, NOW_MS)))
        }
      }),
      { seed: SEED, numRuns: 150 },
    )
    expect(takenBack).toBeGreaterThan(1_000)
  })
})
