import { describe, expect, it } from 'vitest'
import { median, percentile, percentiles } from '../../../src/index.ts'
import { nearestRank } from '../../../src/timeline/aggregates/nearest-rank.ts'
import { ask, columns, event } from './ask.ts'

const MAX = Number.MAX_SAFE_INTEGER
const points = (...list: (number | null)[]) =>
  list.map((value, i) => event(50 - i / 100, { points: value }, { id: `e${i}` }))

describe('percentiles by nearest rank', () => {
  // The example of the definition: 15, 20, 35, 40, 50.
  it.each([
    [5, 15],
    [20, 15],
    [20.000001, 20],
    [30, 20],
    [40, 20],
    [50, 35],
    [99.999999, 50],
    [100, 50],
  ])('%d of five values', (p, wanted) => {
    const events = points(40, null, 15, 50, 20, 35)
    expect(ask(percentile(columns.points, p), events)).toEqual([wanted])
    expect(ask(percentiles(columns.points, [100, p]), events)).toEqual([[50, wanted]])
  })

  it.each([
    ['nothing', []],
    ['only null', [null]],
  ])('%s', (_, list) => {
    expect(ask(percentile(columns.points, 50), points(...list))).toEqual([null])
    expect(ask(percentiles(columns.points, [50, 99]), points(...list))).toEqual([[]])
    expect(ask(median(columns.points), points(...list))).toEqual([null])
  })

  it.each([
    // In floating point 0.7 / 100 * 1000 is 7.000000000000001, and its ceiling 8.
    [0.7, 1000, 7],
    [0.1, 1000, 1],
    [0.100001, 1000, 2],
    [29, 100, 29],
    [99.9, 1000, 999],
    [0.000001, 1, 1],
    [0.000001, 100_000_000, 1],
    [0.000001, 100_000_001, 2],
    [33.333333, 3, 1],
    [33.333334, 3, 2],
    [99.999999, 89_000_000, 89_000_000],
    // In floating point 33.000001 · 10⁶ is 33000000.999999996.
    [33.000001, 100, 34],
  ])('rank of %d among %d is %d', (p, count, rank) => {
    expect(nearestRank(p, count)).toBe(rank)
  })

  it('many values, out of order, over windows that grow', () => {
    const at = (i: number) => event(0.05 * i + 0.01, { amount: (i * 7_919) % 1_000 }, { id: `e${i}` })
    const events = Array.from({ length: 1_000 }, (_, i) => at(i))
    const of = (count: number, rank: number) =>
      events
        .slice(0, count)
        .map(({ values }) => values.amount as number)
        .sort((a, b) => a - b)[rank - 1]
    expect(ask(percentile(columns.amount, 95).over('1s', '2s', '4s', '30s', '60s'), events)).toEqual([
      of(20, 19),
      of(40, 38),
      of(80, 76),
      of(600, 570),
      of(1_000, 950),
    ])
    expect(of(1_000, 950)).toBe(949)
  })

  it('keeps doubles and money as they are', () => {
    const events = [event(3, { score: -0.1, amount: 105 }), event(2, { score: 1e290, amount: -5 })]
    expect(ask(percentiles(columns.score, [50, 51]), events)).toEqual([[-0.1, 1e290]])
    expect(ask(percentile(columns.amount, 50), events)).toEqual([-5])
  })
})

describe('median', () => {
  it.each([
    ['one', [3], 3],
    ['the middle one', [9, 1, 5], 5],
    ['between the middle ones', [4, 1, 2, 9], 3],
    ['half a unit', [1, 2], 1.5],
    ['equal ones', [2, 2, 9, 1], 2],
    ['a sum past 2^53 is rounded once, to even', [MAX, MAX - 1], MAX - 1],
    ['opposite ones', [-MAX, MAX], 0],
  ])('%s', (_, list, wanted) => {
    expect(ask(median(columns.points), points(...list))).toEqual([wanted])
    expect(ask(median(columns.points), points(...list.toReversed()))).toEqual([wanted])
  })

  it.each([
    [[0.1, 0.2], 0.15000000000000002],
    [[1e290, -1e290], 0],
    [[5e-324, 0], 0],
    [[-5e-324, 0], 0],
    [[5e-324, 1e-323], 1e-323],
  ])('of doubles %j', (list, wanted) => {
    expect(
      ask(
        median(columns.score),
        list.map((score, i) => event(i + 1, { score })),
      ),
    ).toEqual([wanted])
  })

  it('unlike percentile 50, which is the lower of the middle ones', () => {
    expect(ask(median(columns.points), points(1, 2))).toEqual([1.5])
    expect(ask(percentile(columns.points, 50), points(1, 2))).toEqual([1])
  })

  it('windows, corrections and tombstones', () => {
    const events = [event(55, { points: 8 }), event(25, { points: 4 }), event(5, { points: 2 })]
    expect(ask(median(columns.points).over('10s', '30s', '60s'), events)).toEqual([2, 3, 4])
    expect(ask(median(columns.points).over('50s').delayed('10s'), events)).toEqual([6])
    const later = [event(25, { points: 0 }, { version: 1 }), event(55, {}, { version: 1, deleted: true })]
    expect(ask(median(columns.points), [...events, ...later])).toEqual([1])
  })
})
