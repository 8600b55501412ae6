// expect: Property 'version' is missing
// where: bin:

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { type: z.string(), of: (row) => row.pan } },
})
