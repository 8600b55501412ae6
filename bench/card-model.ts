import { collect } from '../src/features/collect.ts'
import type { Model } from '../src/features/model.ts'
import { resolveModel } from '../src/features/resolve.ts'
import { avg, count, entity, featureGroup, featureService, money, source, sum, z } from '../src/index.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    occurred_at: z.int(),
    card_id: z.string(),
    merchant_id: z.string(),
    device_id: z.string(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
  }),
  id: 'id',
  time: 'occurred_at',
  stream: { topic: 'payments' },
  archive: { table: 'payments' },
})

const features = {
  n: count().over('1h', '24h', '7d'),
  spend: sum(payments.amount).over('24h', '7d'),
  mean: avg(payments.amount).over('7d'),
}
const byCard = featureGroup('by_card', {
  source: payments,
  entity: entity('card', { key: { card_id: z.string() } }),
  features,
})
const byMerchant = featureGroup('by_merchant', {
  source: payments,
  entity: entity('merchant', { key: { merchant_id: z.string() } }),
  features,
})
const byDevice = featureGroup('by_device', {
  source: payments,
  entity: entity('device', { key: { device_id: z.string() } }),
  features,
})
const all = featureService('all', { event: payments, features: [byCard, byMerchant, byDevice] })

/** Payments with three timelines an event: card, merchant, device. */
export function cardModel(): Model {
  return resolveModel(collect([{ file: 'bench.ts', exports: { payments, byCard, byMerchant, byDevice, all } }]))
}

export const CARDS = 100_000
export const MERCHANTS = 5_000

/** The same payment for the same number, of one of so many cards and devices. */
export function cardPayment(n: number, time_ms: number, cards = CARDS) {
  const card = Math.imul(n, 2_654_435_761) >>> 0
  return {
    id: `payment-${n}`,
    occurred_at: time_ms,
    card_id: `card-${card % cards}`,
    merchant_id: `merchant-${(card >>> 8) % MERCHANTS}`,
    device_id: `device-${(card >>> 4) % cards}`,
    amount: `${(card % 50_000) + 1}.${String(n % 100).padStart(2, '0')}`,
    status: n % 17 === 0 ? 'declined' : 'approved',
  }
}
