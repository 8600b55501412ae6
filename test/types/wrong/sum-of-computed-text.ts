// expect: sum() needs a number column, but payments.bin is a string
// where: payments.bin

import { source, sum, z } from 'millrace'

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan.slice(0, 6) } },
})
export const feature = sum(payments.bin).over('7d')
