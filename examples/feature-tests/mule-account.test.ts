import { count, countDistinct, entity, featureGroup, featureService, money, ratio, source, sum, z } from 'millrace'
import { ago, assertVector, build, given, NOW, replay } from 'millrace/testing'
import { describe, expect, it } from 'vitest'

/** Payee risk: an account that many pay for the first time, and that passes the money on, is a mule. */

const transfers = source('transfers', {
  schema: z.object({
    id: z.uuid(),
    at: z.iso.datetime({ offset: true }),
    payer_id: z.string(),
    payee_id: z.string(),
    amount: money({ scale: 2 }),
  }),
  id: 'id',
  time: 'at',
})
const account = entity('account', { key: { account_id: z.string() } })
const pair = entity('pair', { key: { payer_id: z.string(), payee_id: z.string() } })
const received = featureGroup('received', {
  source: transfers,
  entity: account.from({ account_id: 'payee_id' }),
  features: {
    payers: countDistinct(transfers.payer_id).over('24h'),
    amount: sum(transfers.amount).over('24h'),
  },
})
const paidBefore = featureGroup('paid_before', {
  source: transfers,
  entity: pair,
  features: { count: count().excludeCurrent().over('365d') },
})
const transferRisk = featureService('transfer_risk', {
  event: transfers,
  features: [received, paidBefore],
  derive: {
    first_to_payee: ({ f }) => f.paid_before__count_365d === 0,
    share_of_income: ({ event, f }) => ratio(event.amount, Number(f.received__amount_24h)),
  },
})

const transfer = build(transfers, { payer_id: 'anna', payee_id: 'landlord', amount: '100.00' })

describe('payee risk', () => {
  it('the first transfer to a payee is one only once', () => {
    const rent = transfer.from(ago('90d')).every('30d').times(3)
    expect(replay(transferRisk, rent).map(({ vector }) => vector.first_to_payee)).toEqual([true, false, false])
  })

  it('is by payer and payee: to be paid by another one is no acquaintance', () => {
    const known = given(transfers, [transfer.ago('30d')])
    assertVector(known, transferRisk, { event: transfer.scored({ payer_id: 'ben' }) }, { paid_before__count_365d: 0 })
    assertVector(known, transferRisk, { event: transfer.scored({ payee_id: 'mule' }) }, { paid_before__count_365d: 0 })
    assertVector(known, transferRisk, { event: transfer.scored() }, { paid_before__count_365d: 1 })
  })

  it('counts who pays a mule within a day, and what', () => {
    const victims = transfer
      .with({ payee_id: 'mule' })
      .every('1h')
      .times(5, (i) => ({ payer_id: `victim-${i}` }))
    assertVector(
      given(transfers, victims),
      transferRisk,
      { event: transfer.scored({ payee_id: 'mule' }) },
      {
        received__payers_24h: 6,
        received__amount_24h: 60_000,
        share_of_income: 1 / 6,
      },
    )
  })

  it('counts one who pays twice once', () => {
    const twice = given(transfers, [transfer.ago('2h'), transfer.ago('1h')])
    assertVector(
      twice,
      transferRisk,
      { event: transfer.scored() },
      { received__payers_24h: 1, received__amount_24h: 30_000 },
    )
  })

  it('names the transfers behind a value', () => {
    const victims = transfer
      .with({ payee_id: 'mule' })
      .every('20h')
      .times(2, (i) => ({ payer_id: `victim-${i}` }))
    const explained = given(transfers, victims)
      .at(NOW)
      .ask(transferRisk, { event: transfer.scored({ payee_id: 'mule' }) })
      .explain('received__payers_24h')
    expect(explained.counted.map(({ columns }) => columns.payer_id)).toEqual(['anna', 'victim-1'])
    expect(explained.passedOver.map(({ why }) => why)).toEqual(['16h before the window'])
  })
})
