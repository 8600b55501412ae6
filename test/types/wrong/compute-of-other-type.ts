// expect: Type 'number' is not assignable to type 'string'
// where: of: (row)

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan.length } },
})
