import { count, entity, eq, featureGroup, featureService, money, rate, source, z } from 'millrace'
import { ago, assertVector, build, given, NOW, vectorDiff } from 'millrace/testing'
import { describe, expect, it } from 'vitest'

/** Chargeback rate of a merchant: the label comes weeks after the payment, so the window is one that has ended long enough ago. */

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    updated_at: z.int(),
    merchant_id: z.string(),
    amount: money({ scale: 2 }),
    charged_back: z.boolean(),
  }),
  id: 'id',
  time: 'at',
  version: 'updated_at',
  outcome: ['charged_back'],
})
const merchant = entity('merchant', { key: { merchant_id: z.string() } })
const losses = featureGroup('losses', {
  source: payments,
  entity: merchant,
  features: {
    // The 30 days that ended 45 days ago: by then nearly every chargeback is known.
    rate: rate(eq(payments.charged_back, true)).over('30d').delayed('45d'),
    count: count().over('30d').delayed('45d'),
  },
})
const merchantRisk = featureService('merchant_risk', { event: payments, features: [losses] })

const payment = build(payments, { merchant_id: 'shoes' })
/** The same payment, after the card holder has disputed it. */
const disputed = (paid: ReturnType<typeof payment>) => ({ ...paid, updated_at: 2, charged_back: true })

const sold = payment.from(ago('60d')).every('1d').times(4)
const input = { event: payment.scored() }

describe('chargeback rate', () => {
  it('takes a label that comes late for the payment it is of', () => {
    const labelled = given(payments, sold).and(payments, [disputed(sold[0]!)])
    assertVector(labelled, merchantRisk, input, {
      losses__count_30d_delayed_45d: 4,
      losses__rate_30d_delayed_45d: 1 / 4,
    })
  })

  it('leaves out what is too young to be judged', () => {
    const young = payment.ago('45d', { charged_back: true })
    const [before, at] = given(payments, [...sold, young])
      .over(ago('1m'), NOW, '1m')
      .get(merchantRisk, input)
    expect(before!.losses__rate_30d_delayed_45d).toBe(0)
    expect(at!.losses__rate_30d_delayed_45d).toBe(1 / 5)
  })

  it('never knows the outcome of the payment being scored', () => {
    const paid = payment({ charged_back: true })
    const later = given(payments, [paid]).later('45d')
    assertVector(later, merchantRisk, { event: payment.scored(paid) }, { losses__rate_30d_delayed_45d: 0 })
    assertVector(later, merchantRisk, { event: payment.scored() }, { losses__rate_30d_delayed_45d: 1 / 2 })
  })

  it('shows which label made the difference', () => {
    const history = given(payments, sold)
    const before = history.ask(merchantRisk, input)
    const after = history.and(payments, [disputed(sold[2]!)]).ask(merchantRisk, input)
    const diff = vectorDiff(before, after)
    expect(diff.values.map(({ name }) => name)).toEqual(['losses__rate_30d_delayed_45d'])
    expect(diff.values[0]!.changed.map(({ after, columns }) => [after.id, columns])).toEqual([
      [sold[2]!.id, ['charged_back']],
    ])
    expect(`${diff}`).toContain('charged_back false -> true')
  })

  it('of a merchant without old payments is not known', () => {
    assertVector(given(payments, []), merchantRisk, input, { losses__rate_30d_delayed_45d: null })
  })
})
