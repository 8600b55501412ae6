// expect: Type '"uid"' is not assignable to type '"at" | "id"'
// where: id: 'uid'

import { source, z } from 'millrace'

const schema = z.object({ id: z.string(), at: z.int(), flag: z.boolean(), device: z.string().nullable() })

export const events = source('events', { schema, id: 'uid', time: 'at' })
