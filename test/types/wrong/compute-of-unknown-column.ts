// expect: Property 'pam' does not exist
// where: row.pam

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: (row) => row.pam.slice(0, 6) } },
})
