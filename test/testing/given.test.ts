import { ago, ahead, build, EventError, given, NOW, replay } from 'millrace/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  avg,
  count,
  entity,
  eq,
  featureGroup,
  featureService,
  money,
  rate,
  source,
  sum,
  timeSinceLast,
  z,
} from '../../src/index.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    version: z.int(),
    gone: z.boolean(),
    card_id: z.string(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'at',
  version: 'version',
  deleted: 'gone',
  outcome: ['status', 'fraud'],
})
const logins = source('logins', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string() }),
  id: 'id',
  time: 'at',
})
const card = entity('card', { key: { card_id: z.string() } })
const spending = featureGroup('spending', {
  source: payments,
  entity: card,
  features: {
    n: count().over('1h', '24h'),
    sum: sum(payments.amount).over('24h'),
    usual: avg(payments.amount).excludeCurrent().over('24h'),
    declines: count().where(eq(payments.status, 'declined')).over('24h'),
    fraud: rate(eq(payments.fraud, true)).over('7d'),
    idle: timeSinceLast().excludeCurrent().over('24h'),
  },
})
const presence = featureGroup('presence', { source: logins, entity: card, features: { n: count().over('1h') } })
const profile = featureService('profile', { features: [spending] })
const checkout = featureService('checkout', {
  event: payments,
  features: [spending, presence],
  request: z.object({ items: z.int() }),
  derive: { items_a_payment: ({ request, f }) => request.items / f.spending__n_24h },
})
const simple = featureService('simple', { event: payments, features: [spending] })

const payment = build(payments, { card_id: 'c1', amount: '10.00' })
const keys = { card_id: 'c1' }
const HOUR_MS = 3_600_000

describe('the instant', () => {
  const history = given(payments, [payment.ago('20h'), payment.ago('10h')])

  it.each<[string, () => number, number]>([
    ['at', () => history.at(NOW).get(profile, { keys }).spending__n_24h, 2],
    ['later than an instant', () => history.at(NOW).later('5h').get(profile, { keys }).spending__n_24h, 1],
    ['later by several steps', () => history.at(NOW).later('5h').later('9h').get(profile, { keys }).spending__n_24h, 0],
    ['an instant after a step', () => history.at(NOW).later('14h').at(NOW).get(profile, { keys }).spending__n_24h, 2],
    ['later than the event', () => history.later('5h').get(simple, { event: payment.scored() }).spending__n_24h, 2],
    ['the input says it', () => history.at(NOW).later('5h').get(profile, { keys, at: NOW }).spending__n_24h, 2],
    [
      'events after a step',
      () => history.at(NOW).later('5h').and(payments, [payment()]).get(profile, { keys }).spending__n_24h,
      2,
    ],
  ])('%s', (_, read, expected) => {
    expect(read()).toBe(expected)
  })

  it('a series of them shows a value rise and decay', () => {
    const over = history.over(ago('24h'), ahead('18h'), '6h')
    expect(over.get(profile, { keys }, 'spending__n_24h')).toEqual([0, 1, 1, 2, 2, 1, 1, 0])
    expect(over.get(profile, { keys }).map((vector) => vector.spending__sum_24h)).toEqual([
      0, 1000, 1000, 2000, 2000, 1000, 1000, 0,
    ])
    expect(over.instants.slice(0, 2)).toEqual([ago('24h'), ago('18h')])
    expectTypeOf(over.get(profile, { keys }, 'spending__n_24h')).toEqualTypeOf<number[]>()
    // @ts-expect-error there is no such value
    expect(() => over.get(profile, { keys }, 'spending__n_25h')).toThrow("did you mean 'spending__n_24h'?")
  })

  it('is within the century, and after the first one', () => {
    expect(() => history.over(NOW, ago('1d'), '1h')).toThrow('write the earlier instant first')
    expect(() => history.over(ago('400d'), NOW, '1s')).toThrow('is no length of a series')
    expect(() => history.at(NOW).later('9999999d').get(profile, { keys })).toThrow('outside the years 2000 to 2100')
    expect(() => history.later('0d' as never)).toThrow("'0d' is not a duration")
    expect(() => history.later('1h').get(profile, { keys })).toThrow('say when: profile scores no event')
  })

  it('histories that grow step by step are those that were whole at once', () => {
    const events = payment.every('7m').times(60, (i) => ({ amount: i, status: i % 3 === 0 ? 'declined' : 'approved' }))
    const whole = given(payments, events)
    let grown = given(payments, [])
    for (const event of events) {
      grown = grown.and(payments, [event])
      grown.at(NOW).get(profile, { keys })
    }
    expect(grown.at(NOW).get(profile, { keys })).toEqual(whole.at(NOW).get(profile, { keys }))
    expect(given(payments, events.slice(0, 3)).at(NOW).get(profile, { keys })).not.toEqual(
      whole.at(NOW).get(profile, { keys }),
    )
  })
})

describe('a wrong event', () => {
  const wrong = { ...payment(), amount: 1.005, version: 1.5 }

  it.each<[string, () => unknown, string]>([
    [
      'one of several',
      () => given(payments, [payment(), wrong, payment()]),
      'event 2 of 3: version: 1.5 is not a whole number; amount',
    ],
    ['the only one', () => given(payments, [wrong]), 'version: 1.5 is not a whole number; amount'],
    [
      'one of a replay',
      () => replay(simple, [payment(), wrong]),
      'event 2 of 2: version: 1.5 is not a whole number; amount',
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(EventError)
    expect(run).toThrow(new RegExp(`^${message}`))
  })
})

describe('computed columns', () => {
  const cards = source('cards', {
    schema: z.object({ id: z.string(), at: z.int(), pan: z.string().length(16), amount: money({ scale: 2 }) }),
    id: 'id',
    time: 'at',
    compute: {
      bin: { version: 1, type: z.string(), of: ({ pan }) => (pan[0] === '0' ? (7 as never) : pan.slice(0, 6)) },
      big: {
        version: 1,
        type: z.boolean(),
        of({ amount }) {
          if (amount === 0) throw new RangeError('no amount')
          return amount > 10_000
        },
      },
    },
  })
  const bin = entity('bin', { key: { bin: z.string() } })
  const bins = featureGroup('bin', {
    source: cards,
    entity: bin,
    features: { n: count().over('1h'), big: count().where(eq(cards.big, true)).over('1h') },
  })
  const binRisk = featureService('bin_risk', { event: cards, features: [bins] })
  const paid = build(cards, { pan: '4444440000000001' })

  it('are computed in what has happened, and in what is scored', () => {
    const events = [
      paid.ago('1m', { pan: '4444449999999999', amount: 101 }),
      paid.ago('2m', { pan: '5555550000000000' }),
    ]
    const answer = given(cards, events).ask(binRisk, { event: paid.scored({ amount: '200.00' }) })
    expect(answer.vector).toEqual({ bin__n_1h: 2, bin__big_1h: 2 })
    expect(answer.explain('bin__big_1h')).toMatchObject({
      entity: { bin: '444444' },
      counted: [{ columns: { big: true } }, { columns: { big: true } }],
    })
  })

  it('are nothing that is given', () => {
    // @ts-expect-error it is computed
    expect(() => paid({ bin: '444444' })).toThrow('bin of cards is computed: leave it out')
  })

  it('whose function fails throw, wherever the event is', () => {
    const event = { ...paid(), amount: 0 }
    const wrong = { ...paid(), pan: '0'.repeat(16) }
    for (const run of [
      () => given(cards, [event]),
      () => given(cards, []).get(binRisk, { event }),
      () => replay(binRisk, [event]),
    ]) {
      expect(run).toThrow('the function of cards.big failed: it threw RangeError: no amount')
    }
    expect(() => given(cards, [wrong])).toThrow('the function of cards.bin failed: it gave 7, which is not a text')
  })
})

describe('replay', () => {
  it('scores each event by what came before it; then it counts', () => {
    const events = [
      payment.ago('40m', { status: 'declined' }),
      payment.ago('30m', { amount: '20.00' }),
      payment.ago('20m', { amount: '30.00', status: 'declined' }),
    ]
    const scored = replay(simple, events)
    expect(scored.map(({ vector }) => vector.spending__n_24h)).toEqual([1, 2, 3])
    expect(scored.map(({ vector }) => vector.spending__usual_24h)).toEqual([null, 1000, 1500])
    expect(scored.map(({ vector }) => vector.spending__declines_24h)).toEqual([0, 1, 1])
    expect(scored.map(({ vector }) => vector.spending__idle_24h)).toEqual([null, 600_000, 600_000])
    expect(scored.map(({ event }) => event)).toEqual(events)
    expect(scored.map(({ as_of }) => as_of)).toEqual(events.map(({ at }) => at))
    expectTypeOf(scored[0]!.vector.spending__n_24h).toEqualTypeOf<number>()
  })

  it('a label counts from where it comes, not from the time of its payment', () => {
    const first = payment.ago('6h', { fraud: false })
    const label = { ...first, version: 2, fraud: true }
    const [second, third] = [payment.ago('5h', { fraud: false }), payment.ago('4h')]
    const rates = (events: readonly (typeof first)[]) =>
      replay(simple, events).map(({ vector }) => vector.spending__fraud_7d)
    expect(rates([first, second, label, third])).toEqual([0, 0, 1 / 3])
    expect(rates([first, label, second, third])).toEqual([0, 1 / 2, 1 / 3])
    expect(rates([first, second, third, label])).toEqual([0, 0, 0])
  })

  it('a payment that comes late is scored at its own time, and counts for those after it', () => {
    const [early, late, next] = [payment.ago('2h'), payment.ago('3h'), payment.ago('1h')]
    expect(replay(simple, [early, late, next]).map(({ vector }) => vector.spending__n_24h)).toEqual([1, 1, 3])
  })

  it('a deleted event is not scored, and takes the first one away', () => {
    const first = payment.ago('2h')
    const gone = { ...first, version: 2, gone: true }
    expect(replay(simple, [first, gone, payment()]).map(({ vector }) => vector.spending__n_24h)).toEqual([1, 1])
  })

  it('stands on what has happened, of other sources too', () => {
    const login = build(logins, { card_id: 'c1' })
    const scored = given(payments, [payment.ago('23h')])
      .and(logins, [login.ago('90m'), login.ago('10m')])
      .replay(checkout, [payment.ago('1h'), payment()], { request: { items: 6 } })
    expect(scored.map(({ vector }) => [vector.spending__n_24h, vector.presence__n_1h])).toEqual([
      [2, 1],
      [3, 1],
    ])
    expect(scored.map(({ vector }) => vector.items_a_payment)).toEqual([3, 2])
    const each = replay(checkout, [payment.ago('1h'), payment({ amount: 7 })], ({ amount }) => ({
      request: { items: Number(amount) },
    }))
    expect(each.map(({ vector }) => vector.items_a_payment)).toEqual([10, 3.5])
  })

  it('changes nothing', () => {
    const history = given(payments, [payment.ago('2h')])
    history.replay(simple, [payment.ago('1h')])
    expect(history.at(NOW).get(profile, { keys }).spending__n_24h).toBe(1)
  })

  it('has the types of the service', () => {
    // @ts-expect-error the request needs items
    expect(() => replay(checkout, [payment()])).toThrow('request')
    // @ts-expect-error they are whole numbers
    expect(() => replay(checkout, [payment()], { request: { items: 'six' } })).toThrow('items')
    // @ts-expect-error it scores no event
    expect(() => replay(profile, [payment()])).toThrow('replay() needs a service that scores events: profile does not')
    // @ts-expect-error a function of each event gives an object
    expect(() => replay(checkout, [payment()], () => 3)).toThrow('or a function that gives one, not 3')
    const { amount: _, ...rest } = payment()
    // @ts-expect-error the amount is missing
    expect(() => replay(simple, [rest])).toThrow('amount is missing')
    expect(() => replay(simple, [payment.scored()])).toThrow('status is missing')
  })

  it('a thousand events take no time to speak of', () => {
    const events = payment.every('1m').times(1_000)
    const scored = replay(simple, events)
    expect(scored.at(-1)!.vector.spending__n_1h).toBe(HOUR_MS / 60_000)
  })
})
