import { describe, expect, it } from 'vitest'
import * as millrace from '../../../src/index.ts'
import { ask, columns, event } from './ask.ts'

const { avgGap, changed, count, currentRun, eq, isNew, longestRun, maxGap, minGap } = millrace
const declined = eq(columns.status, 'declined' as never)
const at = (...seconds: number[]) => seconds.map((second) => event(second))
const statuses = (...list: (string | null)[]) => list.map((status, i) => event(50 - i, { status }))
const shops = (...list: (string | null)[]) => list.map((shop, i) => event(50 - i, { shop }))

describe('gaps between events', () => {
  it.each([
    ['nothing', [], [null], [null], [null], [null]],
    ['one event', at(10), [null], [null], [null], [10_000]],
    ['two', at(30, 10), [20_000], [20_000], [20_000], [20_000]],
    ['the gap to now is longest', at(50, 45, 40), [5_000], [5_000], [5_000], [40_000]],
    ['three, two of one instant', [...at(50, 20), event(20, {}, { id: 'other' })], [30_000], [0], [15_000], [30_000]],
    ['a gap into the window begins outside of it', at(61, 20, 10), [10_000], [10_000], [10_000], [10_000]],
    ['a copy is no event', [...at(50, 20), event(20, {}, { version: 1 })], [30_000], [30_000], [30_000], [30_000]],
    [
      'a tombstone neither',
      [...at(50, 30, 20), event(30, {}, { version: 1, deleted: true })],
      [30_000],
      [30_000],
      [30_000],
      [30_000],
    ],
  ])('%s', (_, events, longest, shortest, mean, open) => {
    expect([
      ask(maxGap(), events),
      ask(minGap(), events),
      ask(avgGap(), events),
      ask(maxGap({ toNow: true }), events),
    ]).toEqual([longest, shortest, mean, open])
  })

  it('nested windows, each with its own first event', () => {
    expect(ask(maxGap().over('15s', '30s', '60s'), at(55, 25, 14, 4))).toEqual([10_000, 11_000, 30_000])
    expect(ask(minGap().over('15s', '30s', '60s'), at(28, 25, 14, 4))).toEqual([10_000, 3_000, 3_000])
  })

  it('a delayed window: the open gap reaches to the instant asked for', () => {
    expect(ask(maxGap({ toNow: true }).over('30s').delayed('10s'), at(35, 30, 5))).toEqual([30_000])
  })

  it('the event being scored counts, unless it is left out', () => {
    expect(ask(maxGap(), at(30, 20), event(0))).toEqual([20_000])
    expect(ask(maxGap().excludeCurrent(), at(30, 20), event(0))).toEqual([10_000])
  })
})

describe('runs', () => {
  it.each([
    [[], 0, 0],
    [['declined'], 1, 1],
    [['approved'], 0, 0],
    [['declined', 'declined', 'approved', 'declined'], 2, 1],
    [['declined', 'declined', 'declined', 'approved'], 3, 0],
    [['declined', null, 'declined'], 1, 1],
    [['approved', 'declined', 'declined'], 2, 2],
  ])('of %j', (list, longest, current) => {
    expect([ask(longestRun(declined), statuses(...list)), ask(currentRun(declined), statuses(...list))]).toEqual([
      [longest],
      [current],
    ])
  })

  it('where() takes events away before runs are counted', () => {
    const known = millrace.not(millrace.isNull(columns.status))
    expect(ask(longestRun(declined).where(known as never), statuses('declined', null, 'declined'))).toEqual([2])
  })

  it('a run that goes through the edge of a window is cut there', () => {
    const events = [5, 15, 25, 35].map((second) => event(second, { status: 'declined' }))
    expect(ask(longestRun(declined).over('10s', '20s', '60s'), events)).toEqual([1, 2, 4])
    expect(ask(currentRun(declined).over('10s', '20s', '60s'), events)).toEqual([1, 2, 4])
  })
})

describe('the event being scored against the others', () => {
  it.each([
    ['never seen', shops('a', 'b'), 'c', true, true],
    ['the last', shops('a', 'b'), 'b', false, false],
    ['seen, but not last', shops('a', 'b'), 'a', true, false],
    ['the last one has none', shops('a', null), 'a', false, false],
    ['nothing before it', [], 'a', null, true],
    ['only null before it', shops(null), 'a', null, true],
    ['its own is null', shops('a'), null, null, null],
  ])('%s', (_, events, shop, isChanged, isFirst) => {
    const current = event(0, { shop }, { id: 'now' })
    expect([ask(changed(columns.shop), events, current), ask(isNew(columns.shop), events, current)]).toEqual([
      [isChanged],
      [isFirst],
    ])
  })

  it('its own copy, which may have arrived already, is not one of the others', () => {
    const arrived = event(0, { shop: 'a' }, { id: 'now' })
    expect(ask(isNew(columns.shop), [arrived], arrived)).toEqual([true])
    expect(ask(changed(columns.shop), [...shops('b'), arrived], arrived)).toEqual([true])
  })

  it('null where no event is scored', () => {
    expect([ask(changed(columns.shop), shops('a')), ask(isNew(columns.shop), shops('a'))]).toEqual([[null], [null]])
  })

  it('its value counts also where no window holds it: it is of later, or of long before', () => {
    for (const seconds of [-30, 90]) {
      const current = event(seconds, { shop: 'a' }, { id: 'now' })
      expect(ask(isNew(columns.shop), shops('a'), current)).toEqual([false])
      expect(ask(isNew(columns.shop), shops('b'), current)).toEqual([true])
      expect(ask(count(), shops('b'), current)).toEqual([1])
    }
  })

  it('each window for itself, and the filter is about the others', () => {
    const events = [event(40, { shop: 'a', status: 'approved' }), event(5, { shop: 'b', status: 'declined' })]
    const current = event(0, { shop: 'a' }, { id: 'now' })
    expect(ask(isNew(columns.shop).over('10s', '60s'), events, current)).toEqual([true, false])
    expect(ask(isNew(columns.shop).where(declined).over('60s'), events, current)).toEqual([true])
  })
})

describe('per(column)', () => {
  const events = [
    event(50, { shop: 'b', amount: 100 }),
    event(40, { shop: 'a', amount: 1 }),
    event(30, { shop: 'b', amount: null }),
    event(20, { shop: null, amount: 7 }),
    event(10, { shop: 'c', amount: 5, status: 'declined' }),
  ]

  it.each([
    ['the keys with most rows, ties by key', count().per(columns.shop, { limit: 2 }), { b: 2, a: 1 }],
    ['all that there are', count().per(columns.shop, { limit: 9 }), { b: 2, a: 1, c: 1 }],
    ['a value each', millrace.sum(columns.amount as never).per(columns.shop, { limit: 9 }), { b: 100, a: 1, c: 5 }],
    ['rows are counted, not values', millrace.min(columns.amount as never).per(columns.shop, { limit: 1 }), { b: 100 }],
    ['lists', millrace.lastN(columns.amount, 2).per(columns.shop, { limit: 9 }), { b: [100], a: [1], c: [5] }],
    ['only what passes the filter', count().where(declined).per(columns.shop, { limit: 9 }), { c: 1 }],
    ['gaps within each key', maxGap().per(columns.shop, { limit: 9 }), { b: 20_000, a: null, c: null }],
  ])('%s', (_, aggregate, map) => {
    expect(ask(aggregate, events)).toEqual([map])
  })

  it('over nothing: no keys', () => {
    expect(ask(count().per(columns.shop, { limit: 2 }), [])).toEqual([{}])
  })

  it('each window for itself', () => {
    expect(ask(count().per(columns.shop, { limit: 1 }).over('15s', '35s', '60s'), events)).toEqual([
      { c: 1 },
      { b: 1 },
      { b: 2 },
    ])
  })

  it('keys of other kinds, in the order of their values', () => {
    const points = [2, 10, -1].map((value, i) => event(i, { points: value, fraud: value > 5 }))
    const keys = (aggregate: Parameters<typeof ask>[0]) => Object.keys(ask(aggregate, points)[0] as object)
    // Engines list keys that look like array indices first: the set of keys is what counts.
    expect(keys(count().per(columns.points, { limit: 2 })).sort()).toEqual(['-1', '2'])
    expect(keys(count().per(columns.fraud, { limit: 2 }))).toEqual(['false', 'true'])
  })

  it('any text may be a key', () => {
    const odd = ['__proto__', '', '🦊', '\uffff'].map((shop, i) => event(i, { shop }))
    expect(Object.keys(ask(count().per(columns.shop, { limit: 9 }), odd)[0] as object)).toEqual([
      '',
      '__proto__',
      '\uffff',
      '🦊',
    ])
  })

  it('is said once', () => {
    expect(() => count().per(columns.shop, { limit: 2 }).per(columns.shop, { limit: 2 })).toThrow(
      'per() can be said once: count() is already by shop',
    )
    expect(() => count().per('shop' as never, { limit: 2 })).toThrow(
      'per() needs a column of a source, as per(payments.currency, { limit: 10 })',
    )
  })
})
