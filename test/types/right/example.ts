import {
  avg,
  count,
  countDistinct,
  entity,
  eq,
  featureGroup,
  featureService,
  lastN,
  money,
  rate,
  ratio,
  source,
  sum,
  timeSinceLast,
  z,
} from 'millrace'

export const payments = source('payments', {
  description: 'Every card authorisation, approved or declined.',
  owner: 'payments-platform',
  tags: ['pci'],
  schema: z.object({
    id: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    updated_at: z.int(),
    card_id: z.string(),
    merchant_id: z.string(),
    device_id: z.string().nullable(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'occurred_at',
  version: 'updated_at',
  outcome: ['status', 'fraud'],
  stream: { topic: 'payments.auth' },
  archive: { table: 'payments_auth' },
})
export const logins = source('logins', {
  schema: z.object({
    id: z.int(),
    at: z.int(),
    cardNo: z.string(),
    device_id: z.string().optional(),
    seconds: z.number(),
    gone: z.boolean(),
  }),
  id: 'id',
  time: 'at',
  deleted: 'gone',
  archive: { table: 'logins', columns: { device_id: 'device' }, lag: '1h', precision: 's' },
  lookback: '7d',
})
export const card = entity('card', { key: { card_id: z.string() }, description: 'One payment card.', owner: 'risk' })
export const cardMerchant = entity('card_merchant', { key: { card_id: z.string(), merchant_id: z.string() } })
export const merchant = entity('merchant', { key: { merchant_id: z.string() } })
export const device = entity('device', { key: { device_id: z.string() } })

export const cardVelocity = featureGroup('card_velocity', {
  source: payments,
  entity: card,
  description: 'How a card spends now.',
  owner: 'fraud-features',
  tags: ['card'],
  features: {
    tx_count: count().over('5m', '1h', '24h', '7d', '30d'),
    declines: count().where(eq(payments.status, 'declined')).over('1h', '24h'),
    spend: sum(payments.amount).over('24h', '7d'),
    avg_amount: avg(payments.amount).excludeCurrent().over('7d', '30d'),
    merchants: countDistinct(payments.merchant_id).over('24h', '7d'),
    last_merchants: lastN(payments.merchant_id, 5).excludeCurrent().over('7d'),
    idle: timeSinceLast().excludeCurrent().over('30d'),
  },
})
export const merchantRisk = featureGroup('merchant_risk', {
  source: payments,
  entity: merchant,
  features: { fraud_rate: rate(eq(payments.fraud, true)).over('7d', '30d').delayed('7d') },
})
export const checkoutRisk = featureService('checkout_risk', {
  description: 'Inputs of the checkout model.',
  owner: 'checkout-ml',
  event: payments,
  features: [cardVelocity, merchantRisk.pick('fraud_rate_7d_delayed_7d')],
  request: z.object({ cart_items: z.int() }),
  derive: { amount_vs_usual: ({ event, f }) => ratio(event.amount, f.card_velocity__avg_amount_30d) },
})
