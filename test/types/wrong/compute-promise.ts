// expect: Type 'Promise<string>' is not assignable to type 'string
// where: of: async

import { source, z } from 'millrace'

export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), pan: z.string() }),
  id: 'id',
  time: 'at',
  compute: { bin: { version: 1, type: z.string(), of: async (row) => row.pan } },
})
