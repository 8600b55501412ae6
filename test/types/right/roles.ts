import {
  count,
  entity,
  featureGroup,
  featureService,
  type InputOf,
  last,
  source,
  sum,
  type VectorOf,
  z,
} from 'millrace'
import { type Equal, expectType } from './expect-type.ts'

const transfers = source('transfers', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    payer_id: z.string(),
    payee_id: z.string().nullable(),
    currency: z.string(),
    amount: z.int(),
    settled_by: z.string().optional(),
  }),
  id: 'id',
  time: 'at',
  outcome: ['settled_by'],
  compute: { bank: { version: 1, type: z.string(), of: (row) => row.payer_id.slice(0, 3) } },
})
const logins = source('logins', {
  schema: z.object({ id: z.string(), at: z.int(), account_id: z.string() }),
  id: 'id',
  time: 'at',
})
const account = entity('account', { key: { account_id: z.string() } })
const purse = entity('purse', { key: { account_id: z.string(), money: z.string() } })

const sent = featureGroup('sent', {
  source: transfers,
  entity: account.from({ account_id: 'payer_id' }),
  features: { tx_count: count().over('24h', '7d'), spend: sum(transfers.amount).over('7d') },
})
const seen = featureGroup('seen', {
  source: logins,
  entity: account,
  features: { last_id: last(logins.id).over('7d') },
})
const purses = featureGroup('purses', {
  source: transfers,
  entity: purse.from({ account_id: 'payer_id', money: 'currency' }),
  features: { tx_count: count().over('7d') },
})

// The event gives the key: nothing more is sent. It may lack it, and the features are null then.
const scored = featureService('scored', {
  event: transfers,
  features: [
    sent.pick('tx_count_7d'),
    sent.as('payee', { account_id: 'payee_id' }),
    seen.as('payer_seen', { account_id: 'payer_id' }),
    purses.as('payee_purse', { account_id: 'payee_id' }),
    sent.as('bank', { account_id: 'bank' }).pick('spend_7d'),
    sent.pick('spend_7d', 'tx_count_24h').as('referrer', { account_id: 'referrer_id' }),
  ],
  derive: {
    more: ({ f }) => {
      expectType<Equal<typeof f.payee__spend_7d, number | null>>()
      return f.sent__tx_count_7d - (f.payee__tx_count_7d ?? 0)
    },
  },
})
expectType<
  Equal<
    VectorOf<typeof scored>,
    {
      readonly sent__tx_count_7d: number
      readonly payee__tx_count_24h: number | null
      readonly payee__tx_count_7d: number | null
      readonly payee__spend_7d: number | string | null
      readonly payer_seen__last_id_7d: string | null
      readonly payee_purse__tx_count_7d: number | null
      readonly bank__spend_7d: number | string | null
      readonly referrer__spend_7d: number | string
      readonly referrer__tx_count_24h: number
      readonly more: number | null
    }
  >
>()
expectType<Equal<InputOf<typeof scored>['keys'], { readonly referrer_id: string }>>()

// No event: both are sent, each under a name of its own.
const asked = featureService('asked', { features: [sent, sent.as('payee', { account_id: 'payee_id' })] })
expectType<Equal<InputOf<typeof asked>['keys'], { readonly account_id: string; readonly payee_id: string }>>()
expectType<Equal<VectorOf<typeof asked>['payee__tx_count_7d'], number>>()

// What is not known while the event is scored gives no key.
export const late = featureService('late', {
  event: logins,
  features: [sent.as('settler', { account_id: 'settled_by' })],
})
expectType<Equal<InputOf<typeof late>['keys'], { readonly settled_by: string }>>()
