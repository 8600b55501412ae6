import { ago, assertVector, build, given, NOW, replay } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { checkoutRisk } from '../../feature-defs/checkout-risk.ts'
import { payments } from '../../feature-defs/payments.ts'

/** Velocity: how often a card pays, and how much, in windows that end at the payment being scored. */

const payment = build(payments, { card_id: 'c1', amount: '20.00' })
const request = { cart_items: 1 }
const ask = { event: payment.scored({ amount: '60.00' }), request }

describe('card velocity', () => {
  it('counts a burst up, payment by payment', () => {
    const burst = replay(checkoutRisk, payment.from(ago('10m')).every('1m').times(6), { request })
    expect(burst.map(({ vector }) => vector.card_velocity__tx_count_5m)).toEqual([1, 2, 3, 4, 5, 5])
    expect(burst.map(({ vector }) => vector.card_velocity__spend_24h)).toEqual([2000, 4000, 6000, 8000, 10000, 12000])
  })

  it('counts the payment being scored once, also where it has arrived already', () => {
    const arrived = payment()
    const input = { event: payment.scored(arrived), request }
    assertVector(given(payments, []), checkoutRisk, input, { card_velocity__tx_count_24h: 1 })
    assertVector(given(payments, [arrived]), checkoutRisk, input, { card_velocity__tx_count_24h: 1 })
  })

  it('a window begins just after its first instant', () => {
    const at = (time_ms: number) => given(payments, [payment.at(time_ms)])
    const edge_ms = Date.parse(ago('1d'))
    assertVector(at(edge_ms + 1), checkoutRisk, ask, { card_velocity__spend_24h: 8000 })
    assertVector(at(edge_ms), checkoutRisk, ask, { card_velocity__spend_24h: 6000 })
  })

  it('compares the amount with what the card usually pays', () => {
    const usual = [payment.ago('9d', { amount: '20.00' }), payment.ago('8d', { amount: '40.00' })]
    assertVector(given(payments, usual), checkoutRisk, ask, {
      card_velocity__avg_amount_30d: 3000,
      amount_vs_usual: 2,
    })
  })

  it('rises with a payment and decays without one', () => {
    const history = given(payments, [payment.ago('40m'), payment.ago('10m')])
    const counts = history.over(ago('45m'), NOW, '15m').get(checkoutRisk, ask, 'card_velocity__tx_count_1h')
    // The payment being scored is at the end.
    expect(counts).toEqual([0, 1, 1, 3])
  })
})
