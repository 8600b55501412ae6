import { given } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { checkoutRisk } from '../../feature-defs/checkout-risk.ts'
import { payments } from '../../feature-defs/payments.ts'

/** How a team tests its features: events that have happened, the payment being scored, and the vector that would be served. */

const NOW = '2026-03-10T12:00:00Z'
const past = { updated_at: 1, card_id: 'c1', merchant_id: 'books', device_id: null, status: 'approved' } as const
const scored = {
  id: 'now',
  occurred_at: NOW,
  updated_at: 1,
  card_id: 'c1',
  merchant_id: 'books',
  device_id: null,
  amount: '60.00',
}
const ask = { event: scored, request: { cart_items: 1 } }

describe('card velocity', () => {
  it('counts the payment being scored once, also where it has arrived already', () => {
    const arrived = { ...scored, status: 'approved', fraud: false } as const
    expect(given(payments, []).get(checkoutRisk, ask).card_velocity__tx_count_24h).toBe(1)
    expect(given(payments, [arrived]).get(checkoutRisk, ask).card_velocity__tx_count_24h).toBe(1)
  })

  it('a window ends just before its first millisecond', () => {
    const at = (occurred_at: string) => given(payments, [{ ...past, id: 'a', occurred_at, amount: '20.00' }])
    expect(at('2026-03-09T12:00:00.001Z').get(checkoutRisk, ask).card_velocity__spend_24h).toBe(8000)
    expect(at('2026-03-09T12:00:00.000Z').get(checkoutRisk, ask).card_velocity__spend_24h).toBe(6000)
  })

  it('compares the amount with what the card usually pays', () => {
    const vector = given(payments, [
      { ...past, id: 'a', occurred_at: '2026-03-01T12:00:00Z', amount: '20.00' },
      { ...past, id: 'b', occurred_at: '2026-03-02T12:00:00Z', amount: '40.00' },
    ]).get(checkoutRisk, ask)
    expect(vector.card_velocity__avg_amount_30d).toBe(3000)
    expect(vector.amount_vs_usual).toBe(2)
  })
})

describe('merchant risk', () => {
  it('a fraud label counts from the day that the delay is over', () => {
    const labelled = given(payments, [
      { ...past, id: 'a', occurred_at: '2026-03-01T12:00:00Z', amount: '1.00', fraud: true },
    ])
    expect(labelled.get(checkoutRisk, ask).merchant_risk__fraud_rate_7d_delayed_7d).toBe(1)
    const early = { ...ask, at: '2026-03-07T12:00:00Z' }
    expect(labelled.get(checkoutRisk, early).merchant_risk__fraud_rate_7d_delayed_7d).toBeNull()
  })
})
