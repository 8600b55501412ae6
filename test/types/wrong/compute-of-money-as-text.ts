// expect: Type 'string' is not assignable to type 'number'
// where: of: (row)

import { money, source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), total: z.string() }),
  id: 'id',
  time: 'at',
  compute: { amount: { version: 1, type: money({ scale: 2 }), of: (row) => row.total } },
})
