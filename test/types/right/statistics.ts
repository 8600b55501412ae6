import {
  decayedCount,
  decayedSum,
  distinctRatio,
  entropy,
  eq,
  featureGroup,
  featureService,
  firstN,
  median,
  mode,
  percentile,
  percentiles,
  stddev,
  timeSince,
  timeSinceFirst,
  topK,
  trend,
  type VectorOf,
  variance,
  zScore,
} from 'millrace'
import { card, payments } from './example.ts'
import { type Equal, expectType } from './expect-type.ts'

// Every statistical aggregate, and the type of what it gives.
const statistics = featureGroup('statistics', {
  source: payments,
  entity: card,
  features: {
    variance: variance(payments.amount).over('1h'),
    stddev: stddev(payments.amount).over('1h', '7d'),
    score: zScore(payments.amount).over('30d'),
    distinct: distinctRatio(payments.merchant_id).over('1h'),
    oldest: firstN(payments.merchant_id, 3).over('1h'),
    top: topK(payments.status, 3).over('1h'),
    most: mode(payments.fraud).over('1h'),
    p95: percentile(payments.amount, 95).over('1h'),
    spread: percentiles(payments.amount, [5, 50, 95]).over('1h'),
    middle: median(payments.updated_at).over('1h'),
    lately: decayedSum(payments.amount, '1h').over('1d'),
    hits: decayedCount('90s').over('1d').delayed('7d'),
    bits: entropy(payments.device_id).over('1h'),
    slope: trend(payments.amount).over('30d'),
    age: timeSinceFirst().over('400d'),
    since: timeSince(eq(payments.status, 'declined')).excludeCurrent().over('30d'),
  },
})
const service = featureService('statistics', { event: payments, features: [statistics] })
expectType<
  Equal<
    VectorOf<typeof service>,
    {
      readonly statistics__variance_1h: number | null
      readonly statistics__stddev_1h: number | null
      readonly statistics__stddev_7d: number | null
      readonly statistics__score_30d: number | null
      readonly statistics__distinct_1h: number | null
      readonly statistics__oldest_1h: string[]
      readonly statistics__top_1h: ('approved' | 'declined')[]
      readonly statistics__most_1h: boolean | null
      readonly statistics__p95_1h: number | null
      readonly statistics__spread_1h: number[]
      readonly statistics__middle_1h: number | null
      readonly statistics__lately_1d: number
      readonly statistics__hits_1d_delayed_7d: number
      readonly statistics__bits_1h: number | null
      readonly statistics__slope_30d: number | null
      readonly statistics__age_400d: number | null
      readonly statistics__since_30d: number | null
    }
  >
>()
