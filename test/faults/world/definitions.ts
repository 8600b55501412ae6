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
  max,
  min,
  money,
  rate,
  source,
  sum,
  type Windowed,
  z,
} from 'millrace'

/**
 * What is rolled out during a test, each against `first`. `longer`: a window that needs rows older than were kept. `column`: a feature
 * over a column that no other reads. `fewer`: a feature is gone. `kinds`: not rolled out; payments share their topic with visits.
 */
export type Variant = 'first' | 'longer' | 'column' | 'fewer' | 'kinds'

const columns = {
  schema: z.object({
    id: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    updated_at: z.int(),
    gone: z.boolean(),
    card_id: z.string(),
    merchant_id: z.string(),
    amount: money({ scale: 2 }),
    channel: z.enum(['online', 'shop']),
    country: z.string().nullable(),
    points: z.int().nullable(),
    label: z.enum(['chargeback', 'refund']).nullable(),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'occurred_at',
  version: 'updated_at',
  deleted: 'gone',
  outcome: ['label', 'fraud'],
  archive: { table: 'payments_auth' },
} as const
const alone = source('payments', { ...columns, stream: { topic: 'payments.auth' } })
const sharing = source('payments', { ...columns, stream: { topic: 'payments.auth', where: { kind: 'payment' } } })
const visits = source('visits', {
  schema: z.object({ id: z.string(), occurred_at: z.iso.datetime({ offset: true }), card_id: z.string() }),
  id: 'id',
  time: 'occurred_at',
  stream: { topic: 'payments.auth', where: { kind: ['visit', 7] } },
  archive: { table: 'visits' },
})

const card = entity('card', { key: { card_id: z.string() } })
const merchant = entity('merchant', { key: { merchant_id: z.string() } })
const cardMerchant = entity('card_merchant', { key: { card_id: z.string(), merchant_id: z.string() } })

/** All that a folder of definitions exports. No column that is summed is ever negative: the judge counts on it. */
export function definitions(variant: Variant) {
  const payments = variant === 'kinds' ? sharing : alone
  const ofCard = featureGroup('card', {
    source: payments,
    entity: card,
    features: {
      tx: count().over('1m', '1h', '7d'),
      spend: sum(payments.amount).over('1h', '7d'),
      usual: avg(payments.amount).over('1d'),
      country: last(payments.country).over('7d'),
      amounts: lastN(payments.amount, 3).over('1d'),
      highest: max(payments.amount).over('7d'),
      lowest: min(payments.amount).over('1h'),
      online: count().where(eq(payments.channel, 'online')).over('1d'),
      before: count().excludeCurrent().over('1d'),
      spend_before: sum(payments.amount).excludeCurrent().over('1m', '1h'),
      frauds: count().where(eq(payments.fraud, true)).over('7d'),
      ...ofVariant(variant, payments),
    },
  })
  const ofMerchant = featureGroup('merchant', {
    source: payments,
    entity: merchant,
    features: {
      tx: count().over('1m', '1d', '7d'),
      spend: sum(payments.amount).over('1d'),
      fraud_rate: rate(eq(payments.fraud, true)).over('2d').delayed('1d'),
      cards: countDistinct(payments.card_id).over('1h'),
      charged_back: sum(payments.amount).where(eq(payments.label, 'chargeback')).over('7d'),
    },
  })
  const ofPair = featureGroup('pair', {
    source: payments,
    entity: cardMerchant,
    features: {
      tx: count().over('7d'),
      last_amount: last(payments.amount).over('7d'),
      spend_before: sum(payments.amount).excludeCurrent().over('1d'),
    },
  })
  const byKeys = featureService('by_keys', { features: [ofCard, ofMerchant, ofPair] })
  const scored = featureService('scored', { event: payments, features: [ofCard, ofMerchant, ofPair] })
  return { payments, card, merchant, cardMerchant, ofCard, ofMerchant, ofPair, byKeys, scored }
}

/** The only feature over visits. */
export const ofVisits = featureGroup('visits', { source: visits, entity: card, features: { n: count().over('7d') } })
export const visited = featureService('visited', { features: [ofVisits] })

function ofVariant(variant: Variant, payments: typeof alone): Readonly<Record<string, Windowed<'payments'>>> {
  if (variant === 'fewer') return {}
  const shops = countDistinct(payments.merchant_id).over('7d')
  if (variant === 'longer') return { shops, long: count().over('10d') }
  if (variant === 'column') return { shops, points: sum(payments.points).over('7d') }
  return { shops }
}
