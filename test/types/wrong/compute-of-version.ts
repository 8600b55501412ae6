// expect: updated_at is a version or a deletion: it is not known while the event is scored
// where: row.updated_at

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), updated_at: z.int() }),
  id: 'id',
  time: 'at',
  version: 'updated_at',
  compute: { delay: { version: 1, type: z.int(), of: (row) => row.updated_at - row.at } },
})
