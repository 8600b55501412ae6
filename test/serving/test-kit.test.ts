import { EventError, given } from 'millrace/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { featureService } from '../../src/index.ts'
import { cardProfile, cardVelocity, checkoutRisk, loginRisk, logins, payments } from './definitions.ts'
import { World } from './world.ts'

const paid = {
  id: 'p1',
  occurred_at: '2026-05-01T10:00:00Z',
  updated_at: 1,
  card_id: 'card-1',
  merchant_id: 'shop-1',
  device_id: 'phone-1',
  amount: 12.34,
  points: 1,
  settled_at: null,
  status: 'approved',
} as const
const { status: _status, ...checkout } = { ...paid, id: 'now', occurred_at: '2026-05-01T12:00:00Z', amount: '20.00' }

describe('given(...).get(...)', () => {
  it('is what the service would answer', () => {
    const vector = given(payments, [paid, { ...paid, id: 'p2', amount: 7.66, status: 'declined' }])
      .and(logins, [{ login_id: 'l1', at: Date.UTC(2026, 4, 1, 11, 30), card_id: 'card-1', ip: '10.0.0.1' }])
      .get(checkoutRisk, { event: checkout, request: { cart_items: 3 } })
    expect(vector).toMatchObject({
      card_velocity__tx_count_24h: 3,
      card_velocity__declines_24h: 1,
      card_velocity__spend_24h: 4_000,
      card_velocity__avg_amount_7d: 1_000,
      card_velocity__idle_7d: 2 * 3_600_000,
      card_logins__logins_1h: 1,
      amount_vs_usual: 2,
      items_an_hour: 3,
    })
    expect(Object.keys(vector)).toHaveLength(22)
  })

  it('is for an instant', () => {
    const history = given(payments, [paid])
    const keys = { card_id: 'card-1', merchant_id: 'shop-1' }
    const spent = (at: string) => history.at(at).get(cardProfile, { keys }).card_velocity__spend_24h
    expect(spent('2026-05-01T09:59:59.999Z')).toBe(0)
    expect(spent('2026-05-01T10:00:00Z')).toBe(1_234)
    expect(spent('2026-05-02T09:59:59.999Z')).toBe(1_234)
    expect(spent('2026-05-02T10:00:00Z')).toBe(0)
    expect(history.get(cardProfile, { keys, at: '2026-05-01T10:00:00Z' }).card_velocity__spend_24h).toBe(1_234)
  })

  it('shows a feature before and after a label comes', () => {
    const event = { login_id: 'l9', at: Date.UTC(2026, 4, 12), card_id: 'card-1', ip: 'i' }
    const before = given(payments, [paid])
    const after = before.and(payments, [{ ...paid, updated_at: 2, fraud: true }])
    for (const history of [before, after]) {
      expect(history.get(loginRisk, { event, keys: { merchant_id: 'shop-1' } }).pair__tx_count_7d).toBe(0)
    }
    const request = { event: { ...checkout, occurred_at: '2026-05-09T00:00:00Z' }, request: { cart_items: 1 } }
    expect(before.get(checkoutRisk, request).merchant_risk__fraud_rate_7d_delayed_7d).toBe(0)
    expect(after.get(checkoutRisk, request).merchant_risk__fraud_rate_7d_delayed_7d).toBe(1)
  })

  it('counts the scored event once, though it has happened', () => {
    const history = given(payments, [{ ...paid, id: 'now', occurred_at: '2026-05-01T12:00:00Z', status: 'declined' }])
    const vector = history.get(checkoutRisk, { event: checkout, request: { cart_items: 1 } })
    expect(vector.card_velocity__tx_count_24h).toBe(1)
    expect(vector.card_velocity__declines_24h).toBe(0)
  })

  it('is null where a key is', () => {
    const event = { ...checkout, device_id: null }
    const vector = given(payments, [paid]).get(checkoutRisk, { event, request: { cart_items: 1 } })
    expect(vector.device_velocity__tx_count_24h).toBeNull()
  })

  it('changes nothing of what was given', () => {
    const history = given(payments, [paid])
    history.and(payments, [{ ...paid, id: 'p2' }]).at('2026-05-03T00:00:00Z')
    const keys = { card_id: 'card-1', merchant_id: 'shop-1' }
    expect(history.at('2026-05-01T12:00:00Z').get(cardProfile, { keys }).card_velocity__tx_count_7d).toBe(1)
  })

  it('has the types of the service', () => {
    const vector = given(payments, []).get(checkoutRisk, { event: checkout, request: { cart_items: 1 } })
    expectTypeOf(vector.card_velocity__tx_count_24h).toEqualTypeOf<number>()
    expectTypeOf(vector.card_velocity__spend_24h).toEqualTypeOf<number | string>()
    expectTypeOf(vector.card_velocity__last_status_7d).toEqualTypeOf<'approved' | 'declined' | null>()
    expectTypeOf(vector.amount_vs_usual).toEqualTypeOf<number | null>()
    // @ts-expect-error the amount is no boolean
    expect(() => given(payments, [{ ...paid, amount: true }])).toThrow(EventError)
    const nothing = given(payments, []).at(Date.UTC(2026, 4, 1))
    // @ts-expect-error the request needs keys
    expect(() => nothing.get(cardProfile, {})).toThrow('needs keys')
  })
})

describe('what is wrong is thrown', () => {
  it('an event that has happened', () => {
    const wrong = () => given(payments, [{ ...paid, amount: 1.005 }])
    expect(wrong).toThrow(EventError)
    expect(wrong).toThrow('amount: 1.005 has more than 2 decimals: money at scale 2 is never rounded')
  })

  it('an event that is scored', () => {
    const event = { ...checkout, status: 'declined' }
    const get = () => given(payments, []).get(checkoutRisk, { event, request: { cart_items: 1 } })
    expect(get).toThrow(EventError)
    expect(get).toThrow('status is an outcome')
  })

  it('an instant that is none, or is not said', () => {
    expect(() => given(payments, []).at('yesterday')).toThrow('at: "yesterday" is not an instant')
    expect(() => given(payments, []).get(cardProfile, { keys: { card_id: 'c', merchant_id: 'm' } })).toThrow(
      "say when: card_profile scores no event, so write .at('2024-05-01T12:00:00Z')",
    )
  })

  it('what a function of derive throws, or gives that cannot be served', () => {
    const request = { event: { ...checkout, amount: 666 }, request: { cart_items: 1 } }
    expect(() => given(payments, []).get(checkoutRisk, request)).toThrow('the function of a derived value failed')
    const odd = featureService('odd', {
      features: [cardVelocity.pick('tx_count_1h')],
      derive: { share: ({ f }) => f.card_velocity__tx_count_1h / 0 },
    })
    expect(() =>
      given(payments, [])
        .at('2026-05-01T00:00:00Z')
        .get(odd, { keys: { card_id: 'c' } }),
    ).toThrow('share gave NaN: a derived value is a finite number, a string, a boolean or null')
  })

  it('something that is no definition', () => {
    expect(() => given({} as never, [])).toThrow('given() needs a source first, as given(payments, [...])')
    expect(() => given(payments, []).get({} as never, {} as never)).toThrow(
      'get() needs a service first, as get(checkoutRisk, {...})',
    )
  })
})

it('agrees with a service over a store', async () => {
  const world = await new World().open()
  const events = Array.from({ length: 40 }, (_, i) => ({
    ...paid,
    id: `p${i % 33}`,
    occurred_at: new Date(Date.UTC(2026, 4, 1) - (i % 33) * 7_777_000).toISOString(),
    merchant_id: `shop-${i % 4}`,
    amount: i,
    updated_at: i,
  }))
  await world.put('payments', ...events)
  const request = { event: checkout, request: { cart_items: 2 } }
  const { features } = await world.vectors.answer('checkout_risk', request)
  expect(given(payments, events).get(checkoutRisk, request)).toEqual(features)
})
