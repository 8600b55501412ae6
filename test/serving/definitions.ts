import {
  avg,
  count,
  countDistinct,
  entity,
  eq,
  featureGroup,
  featureService,
  last,
  lastN,
  money,
  rate,
  ratio,
  source,
  sum,
  timeSinceLast,
  z,
} from '../../src/index.ts'

/** Definitions with one of everything that serving meets. */
export const payments = source('payments', {
  description: 'Every card authorisation.',
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
    points: z.int(),
    settled_at: z.iso.datetime({ offset: true }).nullable(),
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
  schema: z.object({ login_id: z.string(), at: z.int(), card_id: z.string(), ip: z.string() }),
  id: 'login_id',
  time: 'at',
  stream: { topic: 'logins' },
})

/** Known from its archive alone. */
export const chargebacks = source('chargebacks', {
  schema: z.object({ id: z.string(), at: z.iso.datetime(), merchant_id: z.string(), amount: money({ scale: 2 }) }),
  id: 'id',
  time: 'at',
  archive: { table: 'chargebacks' },
})

export const card = entity('card', { key: { card_id: z.string() }, description: 'One payment card.' })
export const device = entity('device', { key: { device_id: z.string() } })
export const merchant = entity('merchant', { key: { merchant_id: z.string() } })
export const cardMerchant = entity('card_merchant', { key: { card_id: z.string(), merchant_id: z.string() } })

export const cardVelocity = featureGroup('card_velocity', {
  source: payments,
  entity: card,
  description: 'How a card spends now.',
  features: {
    tx_count: count().over('1h', '24h', '7d'),
    others: count().excludeCurrent().over('24h'),
    declines: count().where(eq(payments.status, 'declined')).over('24h'),
    spend: sum(payments.amount).over('24h'),
    points: sum(payments.points).over('24h'),
    avg_amount: avg(payments.amount).excludeCurrent().over('7d'),
    merchants: countDistinct(payments.merchant_id).over('7d'),
    last_merchants: lastN(payments.merchant_id, 3).excludeCurrent().over('7d'),
    last_status: last(payments.status).over('7d'),
    last_settled: last(payments.settled_at).over('7d'),
    idle: timeSinceLast().excludeCurrent().over('7d'),
  },
})
export const merchantRisk = featureGroup('merchant_risk', {
  source: payments,
  entity: merchant,
  features: {
    fraud_rate: rate(eq(payments.fraud, true)).over('7d').delayed('7d'),
    tx_count: count().over('1h'),
  },
})
export const deviceVelocity = featureGroup('device_velocity', {
  source: payments,
  entity: device,
  features: { tx_count: count().over('24h') },
})
export const cardLogins = featureGroup('card_logins', {
  source: logins,
  entity: card,
  features: { logins: count().over('1h'), ips: countDistinct(logins.ip).over('24h') },
})
export const pairVelocity = featureGroup('pair', {
  source: payments,
  entity: cardMerchant,
  features: { tx_count: count().over('7d'), spend: sum(payments.amount).over('7d') },
})
export const merchantLosses = featureGroup('merchant_losses', {
  source: chargebacks,
  entity: merchant,
  features: { lost: sum(chargebacks.amount).over('30d') },
})

export const checkoutRisk = featureService('checkout_risk', {
  description: 'Inputs of the checkout model.',
  event: payments,
  features: [cardVelocity, merchantRisk.pick('fraud_rate_7d_delayed_7d'), deviceVelocity, cardLogins],
  request: z.object({ cart_items: z.int(), coupon: z.string().optional() }),
  derive: {
    amount_vs_usual: ({ event, f }) => ratio(event.amount, f.card_velocity__avg_amount_7d),
    items_an_hour: ({ f, request }) => request.cart_items * f.card_velocity__tx_count_1h,
    seen: ({ event }) => `${event.amount}/${event.occurred_at}/${event.device_id}/${'status' in event}`,
    devices: ({ f }) => f.device_velocity__tx_count_24h,
    failing: ({ event }) => {
      if (event.amount === 66_600) throw new Error('the function of a derived value failed')
      return event.amount > 0
    },
  },
})
export const cardProfile = featureService('card_profile', {
  features: [cardVelocity.pick('tx_count_7d', 'spend_24h', 'points_24h', 'last_merchants_7d'), pairVelocity],
})
export const loginRisk = featureService('login_risk', {
  event: logins,
  features: [cardLogins, pairVelocity.pick('tx_count_7d'), merchantLosses],
})
