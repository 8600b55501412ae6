import { collect } from '../src/features/collect.ts'
import type { Model } from '../src/features/model.ts'
import { resolveModel } from '../src/features/resolve.ts'
import {
  avg,
  count,
  countDistinct,
  entity,
  eq,
  featureGroup,
  featureService,
  max,
  money,
  rate,
  source,
  sum,
  timeSinceLast,
  z,
} from '../src/index.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    card_id: z.string(),
    merchant_id: z.string(),
    device_id: z.string(),
    amount: money({ scale: 2 }),
    country: z.string(),
    status: z.enum(['approved', 'declined']),
  }),
  id: 'id',
  time: 'occurred_at',
  outcome: ['status'],
  stream: { topic: 'payments' },
  archive: { table: 'payments' },
})

/** Eight features at four windows. */
const features = {
  tx_count: count().over('1h', '24h', '7d', '30d'),
  declines: count().where(eq(payments.status, 'declined')).over('1h', '24h', '7d', '30d'),
  decline_rate: rate(eq(payments.status, 'declined')).over('1h', '24h', '7d', '30d'),
  spend: sum(payments.amount).over('1h', '24h', '7d', '30d'),
  avg_amount: avg(payments.amount).excludeCurrent().over('1h', '24h', '7d', '30d'),
  max_amount: max(payments.amount).over('1h', '24h', '7d', '30d'),
  countries: countDistinct(payments.country).over('1h', '24h', '7d', '30d'),
  idle: timeSinceLast().excludeCurrent().over('1h', '24h', '7d', '30d'),
}
const byCard = featureGroup('card', {
  source: payments,
  entity: entity('card', { key: { card_id: z.string() } }),
  features,
})
const byMerchant = featureGroup('merchant', {
  source: payments,
  entity: entity('merchant', { key: { merchant_id: z.string() } }),
  features,
})
const byDevice = featureGroup('device', {
  source: payments,
  entity: entity('device', { key: { device_id: z.string() } }),
  features,
})
const checkout = featureService('checkout', { event: payments, features: [byCard, byMerchant, byDevice] })

/** One service of 96 features over three entities of the scored payment. */
export function servingModel(): Model {
  return resolveModel(collect([{ file: 'serving.ts', exports: { payments, byCard, byMerchant, byDevice, checkout } }]))
}

const CARDS = 10_000
const MERCHANTS = 2_400

/** The same payment for the same number: of so many, a card and a device have 12 in 30 days, a merchant 50. */
export const PAYMENTS = 120_000
const SPAN_MS = 30 * 86_400_000

export function servingPayment(n: number, end_ms: number) {
  const mixed = Math.imul(n + 1, 2_654_435_761) >>> 0
  return {
    id: `payment-${n}`,
    occurred_at: new Date(end_ms - Math.floor((SPAN_MS / PAYMENTS) * (PAYMENTS - n))).toISOString(),
    card_id: `card-${mixed % CARDS}`,
    merchant_id: `merchant-${(mixed >>> 8) % MERCHANTS}`,
    device_id: `device-${(mixed >>> 4) % CARDS}`,
    amount: `${(mixed % 500) + 1}.${String(n % 100).padStart(2, '0')}`,
    country: `C${mixed % 7}`,
    status: n % 17 === 0 ? 'declined' : 'approved',
  }
}

/** A payment to score: one more of the same kind, whose outcome is not known. */
export function scoredPayment(n: number, at_ms: number): object {
  const { status: _, ...event } = { ...servingPayment(n % PAYMENTS, at_ms), id: `scored-${n}` }
  return { event: { ...event, occurred_at: new Date(at_ms).toISOString() } }
}
