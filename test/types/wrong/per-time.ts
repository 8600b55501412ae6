// expect: per() needs a text, boolean or whole-number column, but payments.settled_at is a time
// where: per(payments.settled_at

import { count, source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), settled_at: z.iso.datetime() }),
  id: 'id',
  time: 'at',
})
export const tx_count = count().per(payments.settled_at, { limit: 3 }).over('7d')
