import { describe, expect, it } from 'vitest'
import { stddev, variance, zScore } from '../../../src/index.ts'
import { ask, columns, event } from './ask.ts'

const MAX = Number.MAX_SAFE_INTEGER
const points = (...list: (number | null)[]) => list.map((value, i) => event(50 - i, { points: value }))
const amounts = (...list: (number | null)[]) => list.map((value, i) => event(50 - i, { amount: value }))
const scores = (...list: (number | null)[]) => list.map((value, i) => event(50 - i, { score: value }))

describe('variance and stddev of whole numbers', () => {
  it.each([
    ['nothing', [], null, null],
    ['only null', [null, null], null, null],
    ['one value', [7], 0, 0],
    ['equal values', [7, 7, 7], 0, 0],
    // Mean 5, squares of the distances 9 1 1 1 0 0 4 16: 32 / 8.
    ['the textbook', [2, 4, 4, 4, 5, 5, 7, 9], 4, 2],
    ['null is skipped', [2, null, 4, 4, 4, 5, 5, null, 7, 9], 4, 2],
    ['both signs', [-1, 1], 1, 1],
    ['a quotient that is rounded', [0, 0, 1], 2 / 9, Math.sqrt(2 / 9)],
    // Squares past 2^53: the distances are 2^53 - 1 each.
    ['the ends of safe integers', [MAX, -MAX], Number(BigInt(MAX) ** 2n), MAX],
    // Σx² is 2^107 and more: doubles would lose the distance of 1.
    ['near values far from 0', [MAX, MAX - 1], 0.25, 0.5],
    ['near values, many', [MAX, MAX - 2, MAX - 4], 8 / 3, Math.sqrt(8 / 3)],
  ])('%s', (_, list, wanted, root) => {
    expect([ask(variance(columns.points), points(...list)), ask(stddev(columns.points), points(...list))]).toEqual([
      [wanted],
      [root],
    ])
    // Money is whole numbers of minor units.
    expect(ask(variance(columns.amount), amounts(...list))).toEqual([wanted])
    expect(ask(variance(columns.points), points(...list.toReversed()))).toEqual([wanted])
  })
})

describe('variance and stddev of doubles', () => {
  it.each([
    ['one value', [0.1], 0, 0],
    ['equal values that no double holds', [0.1, 0.1, 0.1], 0, 0],
    ['halves', [0.5, 1.5], 0.25, 0.5],
    ['cents as doubles: 0.3 - 0.1 is 0.2 less 2^-54', [0.1, 0.3], 0.009999999999999998, 0.09999999999999999],
    // The mean is 1e8 + 1: x² alone rounds to a multiple of 2.
    ['far from 0', [1e8, 1e8 + 2, 1e8 + 1], 2 / 3, Math.sqrt(2 / 3)],
    ['one last place apart', [1, 1 + 2 ** -52], 2 ** -106, 2 ** -53],
    ['large ones cancel', [1e16, -1e16, 1], (2e32 + 1 - 1 / 3) / 3, Math.sqrt(2e32 / 3)],
    ['a variance past the largest double is that one', [1e290, -1e290], Number.MAX_VALUE, 1e290],
    ['no less where it is near it', [1e290, 1e290], 0, 0],
    ['the least double', [5e-324, 0], 0, 0],
    ['twice the least double', [1e-323, 0], 0, 5e-324],
    ['large and least together', [1e290, 5e-324], Number.MAX_VALUE, 5e289],
  ])('%s', (_, list, wanted, root) => {
    expect([ask(variance(columns.score), scores(...list)), ask(stddev(columns.score), scores(...list))]).toEqual([
      [wanted],
      [root],
    ])
    expect(ask(variance(columns.score), scores(...list.toReversed()))).toEqual([wanted])
  })
})

describe('variance of the rows that there are', () => {
  const events = [event(55, { points: 8 }), event(25, { points: 4 }), event(5, { points: 2 })]

  it('nested windows', () => {
    expect(ask(variance(columns.points).over('10s', '30s', '60s'), events)).toEqual([0, 1, 56 / 9])
  })

  it('a delayed window', () => {
    expect(ask(variance(columns.points).over('50s').delayed('10s'), events)).toEqual([4])
  })

  it('a correction takes the place of what it corrects, a tombstone takes it away', () => {
    const corrected = event(25, { points: 2 }, { version: 1 })
    const gone = event(55, {}, { version: 1, deleted: true })
    expect(ask(variance(columns.points), [...events, corrected])).toEqual([8])
    expect(ask(variance(columns.points), [...events, corrected, gone, ...events])).toEqual([0])
  })
})

describe('the score of an event against the others', () => {
  const others = points(2, 4, 4, 4, 5, 5, 7, 9)

  it.each([
    ['at the mean', others, 5, 0],
    ['above it', others, 9, 2],
    ['below it', others, 2, -1.5],
    ['its own is null', others, null, null],
    ['nothing else', [], 5, null],
    ['only null else', points(null), 5, null],
    ['one other', points(3), 5, null],
    ['equal others', points(3, 3, 3), 3, null],
    ['far from 0', points(MAX, MAX - 2), MAX - 3, -2],
  ])('%s', (_, events, x, wanted) => {
    expect(ask(zScore(columns.points), events, event(0, { points: x }, { id: 'now' }))).toEqual([wanted])
  })

  it.each([
    ['sizes that cancel', [1e290, -1e290], 1e290, 1],
    ['past the largest double', [0, 5e-324], -1e290, -Number.MAX_VALUE],
    ['least doubles', [0, 1e-323], 1.5e-323, 2],
  ])('of doubles: %s', (_, list, x, wanted) => {
    expect(ask(zScore(columns.score), scores(...list), event(0, { score: x }, { id: 'now' }))).toEqual([wanted])
  })

  it('never counts the event itself, also where its copy came before', () => {
    const arrived = event(1, { points: 1000 }, { id: 'now' })
    expect(ask(zScore(columns.points), [...others, arrived], event(0, { points: 9 }, { id: 'now' }))).toEqual([2])
  })

  it('null where no event is scored', () => {
    expect(ask(zScore(columns.points), others)).toEqual([null])
  })

  it('each window for itself, delayed or not', () => {
    const events = [
      event(40, { points: 0 }),
      event(30, { points: 4 }),
      event(20, { points: 4 }),
      event(10, { points: 8 }),
    ]
    const now = event(0, { points: 10 }, { id: 'now' })
    expect(ask(zScore(columns.points).over('15s', '25s', '60s'), events, now)).toEqual([null, 2, 6 / Math.sqrt(8)])
    expect(ask(zScore(columns.points).over('60s').delayed('25s'), events, now)).toEqual([4])
  })
})
