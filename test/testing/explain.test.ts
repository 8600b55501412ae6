import fc from 'fast-check'
import { about, ago, ahead, assertVector, build, given, NOW, VectorError, vectorDiff } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import {
  avg,
  changed,
  count,
  countDistinct,
  decayedSum,
  entity,
  eq,
  featureGroup,
  featureService,
  lastN,
  maxGap,
  money,
  percentiles,
  rate,
  ratio,
  source,
  sum,
  timeSinceLast,
  z,
  zScore,
} from '../../src/index.ts'
import type { VectorAnswer } from '../../src/testing.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    version: z.int(),
    gone: z.boolean(),
    card_id: z.string(),
    shop: z.string(),
    device: z.string().nullable(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
  }),
  id: 'id',
  time: 'at',
  version: 'version',
  deleted: 'gone',
  outcome: ['status'],
})
const card = entity('card', { key: { card_id: z.string() } })
const device = entity('device', { key: { device: z.string() } })
const pair = entity('pair', { key: { card_id: z.string(), shop: z.string() } })
const group = featureGroup('card', {
  source: payments,
  entity: card,
  features: {
    n: count().over('24h'),
    sum: sum(payments.amount).over('24h'),
    usual: avg(payments.amount).excludeCurrent().over('24h'),
    declines: count().where(eq(payments.status, 'declined')).over('24h'),
    old: count().over('24h').delayed('24h'),
    shops: lastN(payments.shop, 2).over('24h'),
    idle: timeSinceLast().excludeCurrent().over('7d'),
    per_shop: sum(payments.amount).per(payments.shop, { limit: 2 }).over('24h'),
    changed: changed(payments.shop).over('24h'),
    gap: maxGap({ toNow: true }).over('24h'),
    decayed: decayedSum(payments.amount, '90m').over('24h'),
    parts: percentiles(payments.amount, [50, 95]).over('24h'),
    odd: zScore(payments.amount).over('24h'),
    declined: rate(eq(payments.status, 'declined')).over('24h'),
  },
})
const devices = featureGroup('device', { source: payments, entity: device, features: { n: count().over('24h') } })
const pairs = featureGroup('pair', { source: payments, entity: pair, features: { n: count().over('24h') } })
const service = featureService('checkout', {
  event: payments,
  features: [group, devices, pairs],
  derive: {
    vs_usual: ({ event, f }) => ratio(event.amount, f.card__usual_24h),
    of_nothing: ({ event }) => event.amount,
  },
})
const payment = build(payments, { card_id: 'c1', shop: 'a', amount: '10.00' })
const event = payment.scored({ id: 'now', amount: '20.00' })
const events = [
  payment.ago('1h', { id: 'hour' }),
  payment.ago('2h', { id: 'declined', status: 'declined' }),
  payment.ago('24h', { id: 'edge' }),
  payment.ago('30h', { id: 'old' }),
  payment.at(ahead('5m'), { id: 'future' }),
  payment.ago('1h', { id: 'other', card_id: 'c2' }),
]
const history = given(payments, events)
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)

describe('explain', () => {
  const answer = history.ask(service, { event })

  it('names the events that count, and why others of the entity do not', () => {
    const explained = answer.explain('card__sum_24h')
    expect(explained).toMatchObject({
      name: 'card__sum_24h',
      value: 4000,
      as_of: NOW,
      definition: "sum(amount).over('24h')",
      entity: { card_id: 'c1' },
      window: { after: ago('24h'), until: NOW },
      reads: ['amount'],
    })
    expect(explained.counted).toMatchObject([
      { id: 'now', time: NOW, scored: true, columns: { amount: 2000, status: null } },
      { id: 'hour', time: ago('1h'), scored: false, columns: { amount: 1000, status: 'approved' } },
      { id: 'declined', time: ago('2h'), scored: false, columns: { amount: 1000, status: 'declined' } },
    ])
    expect(explained.passedOver.map(({ id, why }) => [id, why])).toEqual([
      ['future', '5m after the instant'],
      ['edge', 'at the very start of the window, which is not in it'],
      ['old', '6h before the window'],
    ])
  })

  it.each<[keyof (typeof answer)['vector'], string[], Record<string, string>]>([
    [
      'card__declines_24h',
      ['declined'],
      { hour: 'not where eq(status, "declined")', now: 'not where eq(status, "declined")' },
    ],
    ['card__usual_24h', ['hour', 'declined'], { now: 'left out by excludeCurrent()' }],
    ['card__changed_24h', ['hour', 'declined'], { now: 'changed() compares it with the others' }],
    ['card__old_24h_delayed_24h', ['edge', 'old'], { hour: '23h after the window, which ends 24h early' }],
    ['pair__n_24h', ['now', 'hour', 'declined'], {}],
  ])('%s', (name, counted, passed) => {
    const explained = answer.explain(name)
    expect(ids(explained.counted)).toEqual(counted)
    const why = Object.fromEntries(explained.passedOver.map((one) => [one.id, one.why]))
    expect(why).toMatchObject(passed)
  })

  it('agrees with the value, whatever has happened', () => {
    for (const at of [ago('3d'), ago('1h'), NOW, ahead('1d'), ahead('3d')]) {
      const asked = history.ask(service, { event, at })
      for (const name of ['card__n_24h', 'card__declines_24h', 'pair__n_24h'] as const) {
        expect(asked.explain(name).counted).toHaveLength(asked.vector[name])
      }
    }
  })

  it('the scored event stands in the place of its copy, and the highest version in that of the others', () => {
    const copies = given(payments, [
      payment({ id: 'now', amount: '99.00', status: 'declined' }),
      payment.ago('1h', { id: 'twice', version: 2, amount: '7.00' }),
      payment.ago('1h', { id: 'twice', version: 1, amount: '5.00' }),
    ]).ask(service, { event })
    expect(
      copies.explain('card__sum_24h').counted.map(({ id, version, columns }) => [id, version, columns.amount]),
    ).toEqual([
      ['now', 0, 2000],
      ['twice', 2, 700],
    ])
    expect(copies.explain('card__usual_24h').counted).toHaveLength(1)
  })

  it.each<[keyof (typeof answer)['vector'], string]>([
    ['card__n_24h', "count().over('24h')"],
    ['card__shops_24h', "lastN(shop, 2).over('24h')"],
    ['card__usual_24h', "avg(amount).excludeCurrent().over('24h')"],
    ['card__declines_24h', `count().where(eq(status, "declined")).over('24h')`],
    ['card__declined_24h', `rate(eq(status, "declined")).over('24h')`],
    ['card__old_24h_delayed_24h', "count().over('24h').delayed('24h')"],
    ['card__per_shop_24h', "sum(amount).per(shop, { limit: 2 }).over('24h')"],
    ['card__changed_24h', "changed(shop).over('24h')"],
    ['card__gap_24h', "maxGap({ toNow: true }).over('24h')"],
    ['card__decayed_24h', "decayedSum(amount, '90m').over('24h')"],
    ['card__parts_24h', "percentiles(amount, [50, 95]).over('24h')"],
    ['card__odd_24h', "zScore(amount).over('24h')"],
  ])('%s is defined as %s', (name, definition) => {
    expect(answer.explain(name).definition).toBe(definition)
  })

  it('an event that was deleted, or that the scored one stands for, is passed over', () => {
    const deleted = payment.ago('2h', { id: 'deleted', amount: '3.00' })
    const moved = payment.ago('5h', { id: 'now', amount: '4.00' })
    const explained = given(payments, [deleted, moved, payment.ago('1h', { id: 'deleted', card_id: 'c2' })])
      .and(payments, [{ ...deleted, version: 2, gone: true }])
      .ask(service, { event })
      .explain('card__sum_24h')
    expect(ids(explained.counted)).toEqual(['now'])
    expect(explained.passedOver.map(({ id, version, columns, why }) => [id, version, columns.amount, why])).toEqual([
      ['deleted', 2, 300, 'deleted'],
      ['now', 1, 400, 'the event being scored has its id and stands for it'],
    ])
  })

  it('what counts makes the value, and with what was passed over is all that there is', () => {
    const random = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'now'),
      hours: fc.integer({ min: -2, max: 50 }),
      card_id: fc.constantFrom('c1', 'c1', 'c2'),
      shop: fc.constantFrom('a', 'b', 'c'),
      device: fc.constantFrom('phone', null),
      cents: fc.integer({ min: 1, max: 999 }),
      status: fc.constantFrom('approved', 'declined'),
      gone: fc.constantFrom(false, false, false, true),
    })
    fc.assert(
      fc.property(fc.array(random, { maxLength: 25 }), fc.constantFrom(null, 'phone'), (drawn, device) => {
        const scored = payment.scored({ ...event, device })
        // A version of its own for each, so that one of the copies wins by it.
        const happened = drawn.map(({ hours, cents, ...columns }, i) => {
          const at = new Date(Date.parse(NOW) - hours * 3_600_000).toISOString()
          return payment({ ...columns, at, amount: cents / 100, version: i + 1 })
        })
        const asked = given(payments, happened).ask(service, { event: scored })
        for (const name of Object.keys(asked.vector) as (keyof typeof asked.vector)[]) {
          const { window, entity, value, counted, passedOver } = asked.explain(name)
          if (window === null || entity === null) continue
          const versions = new Map(counted.map((one) => [`${one.id} ${one.time}`, one.version]))
          const counts = happened.filter(({ id, at, version }) => versions.get(`${id} ${at}`) === version)
          expect(given(payments, counts).ask(service, { event: scored }).value(name)).toEqual(value)
          const own = [...happened, scored].filter((one) =>
            Object.entries(entity).every(([part, text]) => one[part as 'card_id'] === text),
          )
          const places = new Set(own.map(({ id, at }) => `${id} ${at}`))
          const told = [...counted, ...passedOver].map(({ id, time }) => `${id} ${time}`)
          expect(told.sort()).toEqual([...places].sort())
        }
      }),
      { seed: 20_260_116, numRuns: 40 },
    )
  })

  it('a derived value is explained by what its function reads', () => {
    const explained = answer.explain('vs_usual')
    expect(explained).toMatchObject({ value: 2, definition: 'derive', window: null })
    expect(ids(explained.from[0]!.counted)).toEqual(['hour', 'declined'])
    expect(answer.explain('of_nothing').from).toEqual([])
  })

  it('a value whose key is null has no entity', () => {
    expect(answer.explain('device__n_24h')).toMatchObject({ value: null, entity: null, counted: [], passedOver: [] })
    const odd = payment.scored({ device: '{a,b}%:' })
    expect(history.ask(service, { event: odd }).explain('device__n_24h').entity).toEqual({ device: '{a,b}%:' })
    expect(answer.explain('pair__n_24h').entity).toEqual({ card_id: 'c1', shop: 'a' })
  })

  it('is a text', () => {
    expect(`${answer.explain('card__sum_24h')}`).toBe(
      [
        'card__sum_24h = 4000 at 2026-01-15T12:00:00.000Z',
        "  sum(amount).over('24h'), of card_id c1",
        '  window: after 2026-01-14T12:00:00.000Z, up to and with 2026-01-15T12:00:00.000Z',
        '  counted: 3 events',
        '    2026-01-15T12:00:00.000Z  now  amount 2000  (being scored)',
        '    2026-01-15T11:00:00.000Z  hour  amount 1000',
        '    2026-01-15T10:00:00.000Z  declined  amount 1000',
        '  passed over: 3 events',
        '    2026-01-15T12:05:00.000Z  future  amount 1000  (5m after the instant)',
        '    2026-01-14T12:00:00.000Z  edge  amount 1000  (at the very start of the window, which is not in it)',
        '    2026-01-14T06:00:00.000Z  old  amount 1000  (6h before the window)',
      ].join('\n'),
    )
    expect(`${answer.explain('device__n_24h')}`).toContain("count().over('24h'): a part of its key is null")
    expect(`${answer.explain('vs_usual')}`).toMatch(
      /^vs_usual = 2 at .*\n {2}a derived value that reads\n {2}card__usual_24h = 1000/,
    )
    const many = given(payments, payment.times(50)).ask(service, { event })
    expect(`${many.explain('card__n_24h')}`).toContain('counted: 51 events')
    expect(`${many.explain('card__n_24h')}`.split('\n')).toHaveLength(3 + 1 + 20 + 1)
  })

  it('a name that is not served is told', () => {
    // @ts-expect-error there is no such value
    expect(() => answer.explain('card__sun_24h')).toThrow(
      "checkout serves no 'card__sun_24h': did you mean 'card__sum_24h'?",
    )
  })
})

describe('vectorDiff', () => {
  const before = history.ask(service, { event })
  const diffOf = (after: VectorAnswer<typeof service>, name: string) => {
    const found = vectorDiff(before, after).values.find((value) => value.name === name)
    return found ?? null
  }

  it('nothing, where nothing differs', () => {
    const same = vectorDiff(before, given(payments, [...events].reverse()).ask(service, { event }))
    expect(same.values).toEqual([])
    expect(`${same}`).toBe('the vectors are the same')
  })

  it('an event that came', () => {
    const after = history.and(payments, [payment.ago('3h', { id: 'late', amount: '1.00' })]).ask(service, { event })
    const diff = diffOf(after, 'card__sum_24h')!
    expect([ids(diff.entered), ids(diff.left), diff.changed]).toEqual([['late'], [], []])
    expect(`${diff}`).toBe(
      [
        'card__sum_24h: 4000 before, 4100 after',
        '  entered: 2026-01-15T09:00:00.000Z  late  amount 100  (before: not among its events)',
      ].join('\n'),
    )
    expect(diffOf(after, 'card__declines_24h')).toBeNull()
    expect(diffOf(after, 'vs_usual')!.from.map(({ name, entered }) => [name, ids(entered)])).toEqual([
      ['card__usual_24h', ['late']],
    ])
  })

  it('an event that changed', () => {
    const after = history
      .and(payments, [{ ...events[0]!, version: 2, amount: '15.00', status: 'declined' }])
      .ask(service, { event })
    expect(diffOf(after, 'card__sum_24h')!.changed).toMatchObject([
      { before: { id: 'hour' }, after: { version: 2 }, columns: ['amount', 'status'] },
    ])
    expect(`${diffOf(after, 'card__declines_24h')}`).toBe(
      [
        'card__declines_24h: 1 before, 2 after',
        '  entered: 2026-01-15T11:00:00.000Z  hour  status "declined"  (before: not where eq(status, "declined"))',
      ].join('\n'),
    )
    expect(`${diffOf(after, 'card__sum_24h')}`).toContain(
      '  changed: 2026-01-15T11:00:00.000Z  hour  amount 1000 -> 1500  status "approved" -> "declined"',
    )
  })

  it('another instant', () => {
    const diff = diffOf(history.later('23h').ask(service, { event }), 'card__sum_24h')!
    expect([ids(diff.entered), ids(diff.left)]).toEqual([['future'], ['hour', 'declined']])
    expect(`${diff}`).toBe(
      [
        'card__sum_24h: 4000 before, 3000 after',
        '  at 2026-01-15T12:00:00.000Z before, 2026-01-16T11:00:00.000Z after',
        '  entered: 2026-01-15T12:05:00.000Z  future  amount 1000  (before: 5m after the instant)',
        '  left: 2026-01-15T11:00:00.000Z  hour  amount 1000  (after: at the very start of the window, which is not in it)',
        '  left: 2026-01-15T10:00:00.000Z  declined  amount 1000  (after: 1h before the window)',
      ].join('\n'),
    )
  })

  it('values that differ by the instant alone', () => {
    const diff = diffOf(history.later('1s').ask(service, { event }), 'card__idle_7d')!
    expect([diff.entered, diff.left, diff.changed]).toEqual([[], [], []])
    expect(`${diff}`).toContain('at 2026-01-15T12:00:00.000Z before, 2026-01-15T12:00:01.000Z after')
  })

  it('lists, by what is in them', () => {
    const after = history.and(payments, [payment.ago('1m', { id: 'new', shop: 'b' })]).ask(service, { event })
    expect(diffOf(after, 'card__shops_24h')).toMatchObject({
      before: { value: ['a', 'a'] },
      after: { value: ['a', 'b'] },
    })
  })

  it('two definitions of a feature', () => {
    const other = featureGroup('card', {
      source: payments,
      entity: card,
      features: {
        n: count().where(eq(payments.status, 'approved')).over('24h'),
        shops_seen: countDistinct(payments.shop).over('24h'),
      },
    })
    const changed = featureService('checkout', { event: payments, features: [other] })
    const diff = vectorDiff(before, history.ask(changed, { event }))
    const n = diff.values.find(({ name }) => name === 'card__n_24h')!
    expect(ids(n.left)).toEqual(['now', 'declined'])
    expect(`${n}`.split('\n').slice(0, 3)).toEqual([
      'card__n_24h: 3 before, 1 after',
      "  defined before: count().over('24h')",
      `  defined after: count().where(eq(status, "approved")).over('24h')`,
    ])
    expect(`${diff}`).toContain('card__sum_24h: served before, not after')
    expect(`${diff}`).toContain('card__shops_seen_24h: served after, not before')
  })
})

describe('assertVector', () => {
  it('passes where all is as expected', () => {
    assertVector(
      history,
      service,
      { event },
      { card__n_24h: 3, card__shops_24h: ['a', 'a'], vs_usual: 2, device__n_24h: null },
    )
    assertVector(history, service, { event }, { card__per_shop_24h: { a: 4000 } })
    assertVector(history, service, { event }, {})
  })

  it('takes a number about another one', () => {
    const exact = history.get(service, { event }).card__decayed_24h as number
    assertVector(history, service, { event }, { card__decayed_24h: about(exact * (1 + 1e-10)) })
    assertVector(history, service, { event }, { card__sum_24h: about(3990, 10), card__usual_24h: about(1000, 0) })
    const off = () => assertVector(history, service, { event }, { card__sum_24h: about(3990, 9.9) })
    expect(off).toThrow('card__sum_24h: expected "3990 ± 9.9"')
    expect(() => assertVector(history, service, { event }, { card__decayed_24h: about(exact * 1.000001) })).toThrow(
      VectorError,
    )
    expect(() => assertVector(history, service, { event }, { device__n_24h: about(0) })).toThrow(VectorError)
    expect(() => about(Number.NaN)).toThrow('is no range')
    expect(() => about(1, -1)).toThrow('is no range')
    // @ts-expect-error a list is no number
    expect(() => assertVector(history, service, { event }, { card__shops_24h: about(1) })).toThrow(VectorError)
  })

  it('says what is not, and what is behind it', () => {
    const wrong = () =>
      assertVector(history, service, { event }, { card__n_24h: 4, card__sum_24h: 4000, card__shops_24h: ['b', 'a'] })
    expect(wrong).toThrow(VectorError)
    const error = thrown(wrong)
    expect(error).toMatchObject({
      name: 'AssertionError',
      code: 'ERR_ASSERTION',
      actual: { card__n_24h: 3, card__shops_24h: ['a', 'a'] },
      expected: { card__n_24h: 4, card__shops_24h: ['b', 'a'] },
    })
    expect(error.message).toContain('checkout at 2026-01-15T12:00:00.000Z: 2 of 3 values not as expected')
    expect(error.message).toContain('card__n_24h: expected 4\n  card__n_24h = 3 at')
    expect(error.stack).toMatch(/^ {4}at .*explain\.test\.ts/m)
    expect(error.stack).not.toContain('assert-vector.ts')
    expect(error.message).toContain('edge  (at the very start of the window, which is not in it)')
  })

  it.each([
    ['a number is no text', { card__sum_24h: '4000' }],
    ['nothing is not null', { device__n_24h: 0 }],
    ['a list is as long as it is', { card__shops_24h: ['a'] }],
    ['a map has its keys', { card__per_shop_24h: { a: 4000, b: 0 } }],
    ['a map has its values', { card__per_shop_24h: { a: 4001 } }],
    ['a list is no map', { card__shops_24h: { 0: 'a', 1: 'a' } }],
  ])('%s', (_, expected) => {
    expect(() => assertVector(history, service, { event }, expected as never)).toThrow(VectorError)
  })

  it('a name that is not served is told', () => {
    // @ts-expect-error there is no such value
    expect(() => assertVector(history, service, { event }, { card__m_24h: 1 })).toThrow(
      "checkout serves no 'card__m_24h'",
    )
  })
})

function thrown(run: () => void): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
