import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FeatureValue } from '../../src/timeline/aggregate.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'
import { compact, union } from '../../src/timeline/compact.ts'
import { TimelinePlan } from '../../src/timeline/plan.ts'
import { answer, asPromised, type OracleEvent, winners } from '../oracle.ts'
import { oracles } from '../oracles/index.ts'
import {
  DOUBLE_COLUMNS,
  encode,
  type RandomFeature,
  randomEvent,
  randomFeature,
  rowBytes,
  SCHEMAS,
  T0,
  TIME_COLUMNS,
  typeOf,
} from './random-timeline.ts'

function read(
  features: readonly RandomFeature[],
  rows: Uint8Array,
  at_ms: number,
  current?: OracleEvent,
): FeatureValue[] {
  const plan = new TimelinePlan(features, typeOf, SCHEMAS, aggregates)
  const out: FeatureValue[] = []
  // What another read leaves behind must not show.
  plan.read(rows, at_ms + 3_000, null, [])
  plan.read(rows, at_ms, current === undefined ? null : encode([current]), out)
  return out
}

function expected(
  features: readonly RandomFeature[],
  events: readonly OracleEvent[],
  at_ms: number,
  current?: OracleEvent,
) {
  const kept = winners(events, rowBytes)
  return features.map((feature) =>
    answer(kept, {
      ...feature,
      at_ms,
      timeColumns: TIME_COLUMNS,
      doubleColumns: DOUBLE_COLUMNS,
      ...(current && { current }),
    }),
  )
}

/** Each value is the oracle's: exactly, or within what its aggregate promises. */
function expectAll(features: readonly RandomFeature[], got: readonly FeatureValue[], wanted: readonly FeatureValue[]) {
  expect(got).toEqual(wanted.map((value, i) => asPromised(features[i]!.spec, got[i], value)))
}

const scenario = fc.record({
  features: fc.array(randomFeature, { minLength: 1, maxLength: 6 }),
  events: fc.array(randomEvent, { maxLength: 40 }),
  // Some splits of the events into two roads, with any overlap.
  roads: fc.infiniteStream(fc.constantFrom('archive', 'stream', 'both')),
  shuffle: fc.infiniteStream(fc.nat()),
  at_ms: fc.integer({ min: -44, max: 16 }).map((n) => T0 + n * 250),
  current: fc.option(
    randomEvent.map((event) => ({ ...event, deleted: false })),
    { nil: undefined },
  ),
  expiry: fc.integer({ min: 0, max: 1 }),
})

describe('the kernel and the naive oracle agree bit for bit', () => {
  it('every aggregate has an oracle, and gives what it says over nothing', () => {
    expect([...oracles.keys()].sort()).toEqual([...aggregates.keys()].sort())
    for (const { name, takes, ofFilter, empty } of aggregates.values()) {
      const [first] = fc.sample(
        randomFeature.filter(({ spec }) => spec.aggregate === name && spec.per === null),
        { numRuns: 1, seed: 3 },
      )
      expect([name, read([first!], new Uint8Array(), T0)]).toEqual([name, [empty]])
      expect([name, first!.spec.column !== null, first!.spec.of !== null]).toEqual([
        name,
        takes.length > 0,
        ofFilter === true,
      ])
    }
  })

  it('on random definitions, events, splits, orders, instants and compactions', () => {
    fc.assert(
      fc.property(scenario, ({ features, events, roads, shuffle, at_ms, current }) => {
        const chosen = events.map((event) => ({ event, road: roads.next().value }))
        const archive = chosen.filter(({ road }) => road !== 'stream').map(({ event }) => event)
        const stream = chosen
          .filter(({ road }) => road !== 'archive')
          .map(({ event }) => ({ event, key: shuffle.next().value }))
        const shuffled = stream.sort((a, b) => a.key - b.key).map(({ event }) => event)
        const a = encode(archive)
        const b = encode(shuffled)
        const wanted = expected(features, events, at_ms, current)
        const laid = new Uint8Array([...a, ...b, ...a])
        expectAll(features, read(features, laid, at_ms, current), wanted)
        expectAll(features, read(features, union(b, a), at_ms, current), wanted)
        expectAll(features, read(features, union(compact(a, null), b), at_ms, current), wanted)
        // Expiry behind the longest reach changes nothing.
        const reach = Math.max(...features.map((feature) => feature.window_ms + feature.delay_ms))
        expectAll(features, read(features, compact(laid, at_ms - reach), at_ms, current), wanted)
      }),
      { numRuns: 2_000, seed: 20_260 },
    )
  })

  it('on timelines long enough to leave the insertion sort and the first scratch memory', () => {
    fc.assert(
      fc.property(
        fc.array(randomFeature, { minLength: 1, maxLength: 4 }),
        fc.array(
          fc
            .tuple(randomEvent, fc.nat({ max: 5_000 }))
            .map(([event, n]) => ({ ...event, id: `tx-${n}`, time_ms: T0 - n * 10 })),
          { minLength: 150, maxLength: 400 },
        ),
        (features, events) => {
          expectAll(features, read(features, encode(events), T0), expected(features, events, T0))
        },
      ),
      { numRuns: 60, seed: 7 },
    )
  })
})

describe('union is a set', () => {
  it('commutative, associative, idempotent', () => {
    const rows = fc.array(randomEvent, { maxLength: 15 }).map((events) => encode(events))
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        expect(union(a, b)).toEqual(union(b, a))
        expect(union(union(a, b), c)).toEqual(union(a, union(b, c)))
        expect(union(union(a, b), b)).toEqual(union(a, b))
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})
