// expect: per() needs a text, boolean or whole-number column, but payments.amount is money
// where: per(payments.amount

import { count, money, source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), amount: money({ scale: 2 }).nullable() }),
  id: 'id',
  time: 'at',
})
export const tx_count = count().per(payments.amount, { limit: 3 }).over('7d')
