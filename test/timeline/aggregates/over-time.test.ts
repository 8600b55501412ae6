import { describe, expect, it } from 'vitest'
import { decayedCount, decayedSum, eq, timeSince, timeSinceFirst, trend } from '../../../src/index.ts'
import { ask, columns, event } from './ask.ts'

const DAY = 86_400
const declined = eq(columns.status, 'declined' as never)
const at = (...seconds: number[]) => seconds.map((second) => event(second))

describe('decayed sums', () => {
  it.each([
    ['nothing', [], 0, 0],
    ['now', [[0, 8]], 8, 1],
    ['one half-life ago', [[10, 8]], 4, 0.5],
    [
      'two and three',
      [
        [20, 8],
        [30, 8],
      ],
      3,
      0.375,
    ],
    [
      'null is skipped, its event is not',
      [
        [10, 8],
        [20, null],
      ],
      4,
      0.75,
    ],
    [
      'both signs',
      [
        [10, 8],
        [20, -16],
      ],
      0,
      0.75,
    ],
  ] as [string, [number, number | null][], number, number][])('%s', (_, list, sum, count) => {
    const events = list.map(([seconds, points]) => event(seconds, { points }))
    expect(ask(decayedSum(columns.points, '10s'), events)).toEqual([sum])
    expect(ask(decayedCount('10s'), events)).toEqual([count])
    expect(ask(decayedSum(columns.points, '10s'), events.toReversed())).toEqual([sum])
  })

  it('large ones cancel and leave the small one', () => {
    const events = [event(10, { score: 1e290 }), event(10, { score: -1e290 }, { id: 'other' }), event(20, { score: 4 })]
    expect(ask(decayedSum(columns.score, '10s'), events)).toEqual([1])
  })

  it('is near a share that no double holds', () => {
    const events = [event(5, { points: 1 })]
    const near = expect.closeTo(Math.SQRT1_2, 15)
    expect([ask(decayedSum(columns.points, '10s'), events), ask(decayedCount('10s'), events)]).toEqual([[near], [near]])
  })

  it('decays to the instant asked for, also in a delayed window', () => {
    const events = [event(30, { points: 8 }), event(5, { points: 8 })]
    expect(ask(decayedSum(columns.points, '10s').over('60s').delayed('10s'), events)).toEqual([1])
    expect(ask(decayedCount('10s').over('15s', '60s'), at(20, 10))).toEqual([0.5, 0.75])
  })

  it('after a thousand half-lives and more, within the range of doubles and below it', () => {
    const of = (score: number, halves: number) =>
      ask(decayedSum(columns.score, '1s').over('2d'), [event(halves, { score })])[0] as number
    expect(of(1, 1_000)).toBe(2 ** -1_000)
    expect(of(1, 1_074)).toBe(5e-324)
    expect(of(1, 1_076)).toBe(0)
    // 1e290 · 2^-1500, whose share alone is no double.
    expect(of(2 ** 960, 1_500)).toBe(2 ** -540)
    expect(of(2 ** 960, 2_034)).toBe(5e-324)
    expect(of(1e290, 100_000)).toBe(0)
  })

  it('to 1e-12 of what is added, by whole and half half-lives of which the shares are known', () => {
    const events = Array.from({ length: 400 }, (_, i) => event(i, { score: i % 3 === 0 ? -i : i }))
    const got = ask(decayedSum(columns.score, '2s').over('1h'), events)[0] as number
    // In units of 2^-200 / √2^odd, as whole numbers: √2 to 60 digits.
    const root2 = 1_414213562373095048801688724209698078569671875376948073176680n
    const unit = 10n ** 60n
    let [sum, size] = [0n, 0n]
    for (let i = 0; i < 400; i++) {
      const share = ((i % 2 === 0 ? 2n * unit : root2) << 300n) >> BigInt(Math.floor(i / 2) + 1)
      sum += BigInt(i % 3 === 0 ? -i : i) * share
      size += BigInt(i) * share
    }
    const scaled = BigInt(Math.round(got * 2 ** 52)) * ((unit << 300n) >> 52n)
    const error = scaled > sum ? scaled - sum : sum - scaled
    expect(error * 1_000_000_000_000n < size).toBe(true)
  })

  it('corrections and tombstones', () => {
    const events = [event(10, { points: 8 }), event(20, { points: 8 })]
    const later = [event(10, { points: 2 }, { version: 1 }), event(20, {}, { version: 1, deleted: true })]
    expect(ask(decayedSum(columns.points, '10s'), [...events, ...later])).toEqual([1])
    expect(ask(decayedCount('10s'), [...events, ...later])).toEqual([0.5])
  })
})

describe('trend', () => {
  it.each([
    ['nothing', [], null],
    ['one value', [[10, 5]], null],
    [
      'a second without a value',
      [
        [10, 5],
        [20, null],
      ],
      null,
    ],
    [
      'two of one instant',
      [
        [10, 5],
        [10, 9],
      ],
      null,
    ],
    [
      'level',
      [
        [30, 5],
        [20, 5],
        [10, 5],
      ],
      0,
    ],
    [
      'one a second',
      [
        [3, 1],
        [2, 2],
        [1, 3],
      ],
      DAY,
    ],
    [
      'falling',
      [
        [3, 3],
        [1, 1],
        [2, 2],
      ],
      -DAY,
    ],
    [
      'null is skipped',
      [
        [3, 1],
        [2.5, null],
        [2, 2],
        [1, 3],
      ],
      DAY,
    ],
    // Times -1 0 1, values 0 3 0 about their means: Σtx = 0. Then 0 0 3: 3 / 2.
    [
      'a peak',
      [
        [3, 0],
        [2, 3],
        [1, 0],
      ],
      0,
    ],
    [
      'a step',
      [
        [3, 0],
        [2, 0],
        [1, 3],
      ],
      1.5 * DAY,
    ],
    // Two of one instant count as their mean: 1, then 4.
    [
      'two of one instant and one other',
      [
        [2, 0],
        [2, 2],
        [1, 4],
      ],
      3 * DAY,
    ],
    // Slope 1 / 3 a second, rounded once: 28800 a day.
    [
      'thirds',
      [
        [4, 0],
        [1, 1],
      ],
      28_800,
    ],
    [
      'past 2^53',
      [
        [2, Number.MIN_SAFE_INTEGER],
        [1, Number.MAX_SAFE_INTEGER],
      ],
      (2 ** 54 - 2) * DAY,
    ],
    [
      'near values far from 0',
      [
        [2, Number.MAX_SAFE_INTEGER - 1],
        [1, Number.MAX_SAFE_INTEGER],
      ],
      DAY,
    ],
  ] as [string, [number, number | null][], number | null][])('%s', (_, list, wanted) => {
    const events = list.map(([seconds, amount], i) => event(seconds, { amount, score: amount }, { id: `e${i}` }))
    expect(ask(trend(columns.amount), events)).toEqual([wanted])
    expect(ask(trend(columns.amount), events.toReversed())).toEqual([wanted])
    expect(ask(trend(columns.score), events)).toEqual([wanted])
  })

  it.each([
    ['rounded once', [0.1, 0.3], 17_280],
    ['beyond the range of products', [0, 1e290], 1e290 * DAY],
    ['the least double', [0, 5e-324], DAY * 5e-324],
    ['large ones cancel', [1e290, 1, 1e290], 0],
  ])('of doubles: %s', (_, list, wanted) => {
    const events = list.map((score, i) => event(10 - i, { score }))
    expect(ask(trend(columns.score), events)).toEqual([wanted])
  })

  it('is the same whenever it is asked for, and from window to window', () => {
    const events = [
      event(55, { points: 10 }),
      event(25, { points: 1 }),
      event(15, { points: 2 }),
      event(5, { points: 3 }),
    ]
    expect(ask(trend(columns.points).over('10s', '30s'), events)).toEqual([null, DAY / 10])
    expect(ask(trend(columns.points).over('20s').delayed('10s'), events)).toEqual([DAY / 10])
    const later = [event(5, { points: 4 }, { version: 1 }), event(15, {}, { version: 1, deleted: true })]
    expect(ask(trend(columns.points).over('30s'), [...events, ...later])).toEqual([(DAY * 3) / 20])
  })
})

describe('times since', () => {
  const events = [
    event(50, { status: 'approved' }),
    event(40, { status: 'declined' }),
    event(30, { status: null }),
    event(20, { status: 'declined', fraud: true }),
    event(10, { status: 'approved' }),
  ]

  it.each([
    ['nothing', [], null, null],
    ['one that is not', events.slice(0, 1), 50_000, null],
    ['all', events, 50_000, 20_000],
    ['null is no match', [events[2]!], 30_000, null],
  ])('%s', (_, list, first, decline) => {
    expect(ask(timeSinceFirst(), list)).toEqual([first])
    expect(ask(timeSince(declined), list)).toEqual([decline])
  })

  it('both the filter of the aggregate and where() must hold', () => {
    expect(ask(timeSince(eq(columns.fraud, true as never)).where(declined), events)).toEqual([20_000])
    expect(ask(timeSince(declined).where(eq(columns.fraud, true as never)), events)).toEqual([20_000])
    expect(ask(timeSince(eq(columns.status, 'approved' as never)).where(declined), events)).toEqual([null])
    expect(ask(timeSinceFirst().where(declined), events)).toEqual([40_000])
  })

  it('windows, one of them delayed', () => {
    expect(ask(timeSince(declined).over('15s', '30s', '60s'), events)).toEqual([null, 20_000, 20_000])
    expect(ask(timeSince(declined).over('30s').delayed('25s'), events)).toEqual([40_000])
    expect(ask(timeSinceFirst().over('15s', '30s', '60s'), events)).toEqual([10_000, 20_000, 50_000])
    expect(ask(timeSinceFirst().over('10s').delayed('25s'), events)).toEqual([30_000])
  })

  it('the event being scored counts, corrections and tombstones too', () => {
    const now = event(0, { status: 'declined' }, { id: 'now' })
    expect(ask(timeSince(declined), events, now)).toEqual([0])
    expect(ask(timeSince(declined).excludeCurrent(), events, now)).toEqual([20_000])
    const later = [event(20, { status: 'approved' }, { version: 1 }), event(50, {}, { version: 1, deleted: true })]
    expect(ask(timeSince(declined), [...events, ...later])).toEqual([40_000])
    expect(ask(timeSinceFirst(), [...events, ...later])).toEqual([40_000])
  })
})
