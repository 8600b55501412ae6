// expect: status is an outcome: it is not known while the event is scored
// where: row.status

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), status: z.string() }),
  id: 'id',
  time: 'at',
  outcome: ['status'],
  compute: { declined: { version: 1, type: z.boolean(), of: (row) => row.status === 'declined' } },
})
