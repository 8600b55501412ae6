import { describe, expect, it } from 'vitest'
import { distinctRatio, entropy, eq, firstN, isNull, mode, not, topK } from '../../../src/index.ts'
import { ask, columns, event } from './ask.ts'

const shops = (...list: (string | null)[]) => list.map((shop, i) => event(50 - i, { shop }))

describe('how often values occur', () => {
  it.each([
    ['nothing', [], [], null, null, null],
    ['only null', [null], [], null, null, null],
    ['one value', ['a'], ['a'], 'a', 1, 0],
    ['one kind', ['a', 'a', 'a', 'a'], ['a'], 'a', 0.25, 0],
    ['a majority', ['a', 'b', 'b'], ['b', 'a'], 'b', 2 / 3, null],
    ['ties by value', ['b', 'a', 'c', 'a', 'b', 'c'], ['a', 'b'], 'a', 0.5, null],
    ['two kinds, as common', ['b', 'a', 'b', 'a'], ['a', 'b'], 'a', 0.5, 1],
    ['four kinds, as common', ['d', 'c', 'b', 'a'], ['a', 'b'], 'a', 1, 2],
    // 1/2 log 2 + 2 · 1/4 log 4.
    ['a half and two quarters', ['a', 'a', 'b', null, 'c'], ['a', 'b'], 'a', 0.75, 1.5],
    ['texts by code points, not by UTF-16 units', ['🦊', '\uffee'], ['\uffee', '🦊'], '\uffee', 1, 1],
    ['the empty text first', ['a', ''], ['', 'a'], '', 1, 1],
  ])('%s', (_, list, two, most, ratio, bits) => {
    expect(ask(topK(columns.shop, 2), shops(...list))).toEqual([two])
    expect(ask(mode(columns.shop), shops(...list))).toEqual([most])
    expect(ask(distinctRatio(columns.shop), shops(...list))).toEqual([ratio])
    if (bits !== null || list.length < 2) expect(ask(entropy(columns.shop), shops(...list))).toEqual([bits])
    expect(ask(entropy(columns.shop), shops(...list))).toEqual(ask(entropy(columns.shop), shops(...list.toReversed())))
  })

  it.each([
    ['money', columns.amount, 'amount', [250, -100, 250, -100, 99], [-100, 250], -100],
    ['whole numbers by size, not as texts', columns.points, 'points', [10, 9, -1], [-1, 9], -1],
    ['doubles', columns.score, 'score', [0.3, 0.1, 0.3], [0.3, 0.1], 0.3],
    ['enums by text', columns.status, 'status', ['held', 'declined', 'approved'], ['approved', 'declined'], 'approved'],
    ['flags', columns.fraud, 'fraud', [true, false], [false, true], false],
    [
      'times',
      columns.settled_at,
      'settled_at',
      [Date.UTC(2026, 1), Date.UTC(2025, 1)],
      ['2025-02-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
      '2025-02-01T00:00:00.000Z',
    ],
  ])('%s', (_, column, name, list, two, most) => {
    const events = list.map((value, i) => event(50 - i, { [name]: value }))
    expect(ask(topK(column, 2), events)).toEqual([two])
    expect(ask(mode(column), events)).toEqual([most])
  })

  const events = [
    ...[55, 54, 53].map((s) => event(s, { shop: 'old' })),
    ...[25, 24, 4].map((s) => event(s, { shop: `${s}` })),
  ]

  it('nested windows, and one that is delayed', () => {
    expect(ask(topK(columns.shop, 9).over('10s', '30s', '60s'), events)).toEqual([
      ['4'],
      ['24', '25', '4'],
      ['old', '24', '25', '4'],
    ])
    expect(ask(mode(columns.shop).over('30s').delayed('10s'), events)).toEqual(['24'])
    expect(ask(distinctRatio(columns.shop).over('10s', '60s'), events)).toEqual([1, 4 / 6])
    expect(ask(entropy(columns.shop).over('10s', '30s'), events)).toEqual([0, expect.closeTo(Math.log2(3), 14)])
  })

  it('what wins counts', () => {
    const corrected = event(4, { shop: '25' }, { version: 1 })
    const gone = [55, 54].map((s) => event(s, {}, { version: 1, deleted: true }))
    expect(ask(mode(columns.shop), [...events, corrected, ...gone])).toEqual(['25'])
  })

  it('many kinds: more than there were codes for', () => {
    const many = Array.from({ length: 300 }, (_, i) => event(50 - i / 10, { shop: `shop-${i % 150}` }, { id: `e${i}` }))
    expect(ask(distinctRatio(columns.shop), many)).toEqual([0.5])
    expect(ask(topK(columns.shop, 3), [...many, event(1, { shop: 'shop-77' })])).toEqual([
      ['shop-77', 'shop-0', 'shop-1'],
    ])
    const letters = [...'zyxwvutsrqponmlkjihgfedcba']
    expect(ask(topK(columns.shop, 20), shops(...letters, 'm', 'z'))).toEqual([['m', 'z', ...'abcdefghijklnopqrs']])
  })
})

describe('the oldest values', () => {
  it.each([
    [[], []],
    [[null], []],
    [['a'], ['a']],
    [
      ['c', null, 'a', 'a', 'b'],
      ['c', 'a', 'a'],
    ],
  ])('of %j', (list, wanted) => {
    expect(ask(firstN(columns.shop, 3), shops(...list))).toEqual([wanted])
  })

  it('nested windows, each from its own edge', () => {
    const events = [55, 45, 25, 15, 5].map((seconds) => event(seconds, { points: seconds }))
    expect(ask(firstN(columns.points, 2).over('10s', '20s', '30s', '60s'), events)).toEqual([
      [5],
      [15, 5],
      [25, 15],
      [55, 45],
    ])
    expect(ask(firstN(columns.points, 3).over('10s', '20s', '60s'), events)).toEqual([[5], [15, 5], [55, 45, 25]])
    expect(ask(firstN(columns.points, 9).over('10s', '60s'), events)).toEqual([[5], [55, 45, 25, 15, 5]])
  })

  it('the event being scored is the newest, and where()', () => {
    const now = event(0, { shop: 'now' }, { id: 'now' })
    expect(ask(firstN(columns.shop, 3), shops('a', 'b'), now)).toEqual([['a', 'b', 'now']])
    expect(ask(firstN(columns.shop, 3).excludeCurrent(), shops('a', 'b'), now)).toEqual([['a', 'b']])
    const known = not(isNull(columns.shop))
    expect(ask(firstN(columns.shop, 1).where(known), shops(null, 'b'))).toEqual([['b']])
    expect(ask(firstN(columns.shop, 1).where(eq(columns.shop, 'x' as never)), shops('a'))).toEqual([[]])
  })
})
