import {
  and,
  avg,
  avgGap,
  changed,
  count,
  type Duration,
  eq,
  featureGroup,
  featureService,
  first,
  gt,
  gte,
  type InputOf,
  inList,
  isNew,
  isNull,
  type Keyed,
  last,
  lastN,
  longestRun,
  lt,
  lte,
  max,
  maxGap,
  min,
  ne,
  not,
  or,
  rate,
  sum,
  type VectorOf,
  z,
} from 'millrace'
import { card, cardMerchant, cardVelocity, device, logins, merchantRisk, payments } from './example.ts'
import { type Equal, expectType } from './expect-type.ts'

// Every aggregate, and the type of what it gives.
const all = featureGroup('all', {
  source: logins,
  entity: card.from({ card_id: 'cardNo' }),
  features: {
    sum_of_doubles: sum(logins.seconds).over('1s'),
    sum_of_integers: sum(logins.at).over('400d'),
    min: min(logins.seconds).over('1h'),
    max: max(logins.id).over('1h'),
    avg: avg(logins.seconds).over('1h'),
    first: first(logins.gone).over('1h'),
    last: last(logins.device_id).excludeCurrent().over('1h').delayed('90m'),
    last_n: lastN(logins.id, 3).over('1h'),
    kinds: sum(logins.at).per(logins.gone, { limit: 5 }).over('1h'),
    last_by: lastN(logins.id, 3).per(logins.device_id, { limit: 5 }).over('1h'),
    fresh: isNew(logins.device_id).over('1h'),
    moved: changed(logins.device_id).over('1h'),
    quiet: maxGap({ toNow: true }).over('1h'),
    rhythm: avgGap().over('1h'),
    streak: longestRun(eq(logins.gone, true)).over('1h'),
    filtered: count()
      .where(or(and(eq(logins.gone, true), ne(logins.cardNo, 'x')), not(isNull(logins.device_id))))
      .where(inList(logins.id, [1, 2]))
      .over('1h'),
    share: rate(and(gt(logins.seconds, 1), gte(logins.seconds, 1), lt(logins.seconds, 2), lte(logins.seconds, 2))).over(
      '1h',
    ),
  },
})
const loginService = featureService('logins', { event: logins, features: [all] })
expectType<
  Equal<
    VectorOf<typeof loginService>,
    {
      readonly all__sum_of_doubles_1s: number
      readonly all__sum_of_integers_400d: number | string
      readonly all__min_1h: number | null
      readonly all__max_1h: number | null
      readonly all__avg_1h: number | null
      readonly all__first_1h: boolean | null
      readonly all__last_1h_delayed_90m: string | null
      readonly all__last_n_1h: number[]
      readonly all__kinds_1h: Keyed<number | string>
      readonly all__last_by_1h: Keyed<number[]>
      readonly all__fresh_1h: boolean | null
      readonly all__moved_1h: boolean | null
      readonly all__quiet_1h: number | null
      readonly all__rhythm_1h: number | null
      readonly all__streak_1h: number
      readonly all__filtered_1h: number
      readonly all__share_1h: number | null
    }
  >
>()
// The mapped column of the event's own source gives the key: nothing is left to send.
expectType<Equal<keyof InputOf<typeof loginService>, 'at' | 'event'>>()

// A key column that may be null: its features may be missing, and are then null.
const deviceCount = featureGroup('device', {
  source: payments,
  entity: device,
  features: { tx_count: count().over('7d'), spend: sum(payments.amount).over('7d') },
})
const deviceService = featureService('device', {
  event: payments,
  features: [deviceCount.pick('tx_count_7d', 'spend_7d')],
  derive: {
    // In derive a sum is a number.
    spend: ({ f }) => {
      expectType<Equal<typeof f.device__spend_7d, number | null>>()
      return f.device__spend_7d
    },
  },
})
expectType<
  Equal<
    VectorOf<typeof deviceService>,
    {
      readonly device__tx_count_7d: number | null
      readonly device__spend_7d: number | string | null
      readonly spend: number | null
    }
  >
>()

// An event of another source gives the keys that it has columns for; `keys` gives the rest.
const both = featureGroup('both', {
  source: payments,
  entity: cardMerchant,
  features: { tx_count: count().over('7d') },
})
const crossService = featureService('cross', { event: logins, features: [cardVelocity, both, deviceCount] })
expectType<Equal<InputOf<typeof crossService>['keys'], { readonly card_id: string; readonly merchant_id: string }>>()
expectType<Equal<VectorOf<typeof crossService>['device__tx_count_7d'], number | null>>()
expectType<Equal<VectorOf<typeof crossService>['both__tx_count_7d'], number>>()

// No event: the keys of every entity are sent, and are never null.
const keyedService = featureService('keyed', { features: [deviceCount, merchantRisk] })
expectType<
  Equal<
    InputOf<typeof keyedService>,
    {
      readonly at?: number | string
      readonly keys: { readonly device_id: string; readonly merchant_id: string }
    }
  >
>()
expectType<Equal<VectorOf<typeof keyedService>['device__tx_count_7d'], number>>()

// One part of a key mapped: the other keeps its column.
const mapped = cardMerchant.from({ merchant_id: 'device_id' }).from({ card_id: 'cardNo' })
export const mappedGroup = featureGroup('mapped', {
  source: logins,
  entity: mapped,
  features: { login_count: count().over('7d') },
})

// What derive may give, with a request.
export const derived = featureService('derived', {
  features: [cardVelocity],
  request: z.object({ note: z.string().optional(), weight: z.coerce.number() }),
  derive: {
    text: ({ request }) => request.note ?? null,
    weighted: ({ request, f }) => request.weight * f.card_velocity__spend_24h,
    busy: ({ f }) => f.card_velocity__tx_count_1h > 10,
    constant: () => 1,
  },
})
type Derived = VectorOf<typeof derived>
expectType<
  Equal<
    [Derived['text'], Derived['weighted'], Derived['busy'], Derived['constant']],
    [string | null, number | null, boolean | null, 1 | null]
  >
>()

// Windows that only the program knows.
export function windows(...durations: [Duration, ...Duration[]]) {
  return count().over(...durations)
}
