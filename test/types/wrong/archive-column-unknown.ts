// expect: 'card_id' does not exist in type
// where: card_id:

import { source, z } from 'millrace'

const schema = z.object({ id: z.string(), at: z.int(), flag: z.boolean(), device: z.string().nullable() })

export const events = source('events', {
  schema,
  id: 'id',
  time: 'at',
  archive: {
    table: 'events',
    columns: { card_id: 'cardNo' },
  },
})
