// expect: 'row.pan' is possibly 'null'
// where: row.pan

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string().optional() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan.slice(0, 6) } },
})
