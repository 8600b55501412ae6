// expect: per() needs a text, boolean or whole-number column, but payments.score is a number
// where: per(payments.score

import { count, source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), score: z.number() }),
  id: 'id',
  time: 'at',
})
export const tx_count = count().per(payments.score, { limit: 3 }).over('7d')
