import {
  count,
  countDistinct,
  entity,
  eq,
  featureGroup,
  featureService,
  gt,
  type InputOf,
  last,
  money,
  source,
  sum,
  type VectorOf,
  z,
} from 'millrace'
import { type Equal, expectType } from './expect-type.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    updated_at: z.int(),
    pan: z.string(),
    amount: money({ scale: 2 }).optional(),
    settled_at: z.iso.datetime().nullable(),
    status: z.enum(['approved', 'declined']),
  }),
  id: 'id',
  time: 'at',
  version: 'updated_at',
  outcome: ['status'],
  compute: {
    bin: {
      version: 1,
      type: z.string(),
      of: (row) => {
        // What is known while the event is scored, and is not computed itself.
        expectType<
          Equal<
            { [N in keyof typeof row]: (typeof row)[N] },
            {
              readonly id: string
              readonly at: number
              readonly pan: string
              readonly amount: number | null
              readonly settled_at: string | null
            }
          >
        >()
        return row.pan.slice(0, 6)
      },
    },
    band: { version: 2, type: z.enum(['low', 'high']), of: (row) => (row.amount === null ? null : 'low') },
    fee: { version: 1, type: money({ scale: 2 }), of: ({ amount }) => Math.round((amount ?? 0) / 100) },
    due_at: { version: 1, type: z.iso.datetime(), of: ({ settled_at }) => settled_at ?? undefined },
  },
})

const bin = entity('bin', { key: { bin: z.string() } })
const byBin = featureGroup('by_bin', {
  source: payments,
  entity: bin,
  features: {
    tx_count: count().where(eq(payments.band, 'low')).over('7d'),
    fees: sum(payments.fee).over('7d'),
    bands: countDistinct(payments.band).where(gt(payments.due_at, '2024-05-01T00:00:00Z')).over('7d'),
    band: last(payments.band).over('7d'),
  },
})

const service = featureService('bin_risk', {
  event: payments,
  features: [byBin],
  derive: {
    same_band: ({ event, f }) => {
      expectType<Equal<typeof event.band, 'low' | 'high' | null>>()
      expectType<Equal<typeof event.fee, number | null>>()
      return event.band === f.by_bin__band_7d
    },
  },
})
// A key that is computed may be null, as its function can fail.
expectType<
  Equal<
    VectorOf<typeof service>,
    {
      readonly by_bin__tx_count_7d: number | null
      readonly by_bin__fees_7d: number | string | null
      readonly by_bin__bands_7d: number | null
      readonly by_bin__band_7d: 'low' | 'high' | null
      readonly same_band: boolean | null
    }
  >
>()
// Nobody sends it: the event's own columns are all that is sent.
expectType<
  Equal<keyof InputOf<typeof service>['event'], 'id' | 'at' | 'updated_at' | 'pan' | 'amount' | 'settled_at'>
>()
expectType<Equal<keyof InputOf<typeof service>, 'at' | 'event'>>()
