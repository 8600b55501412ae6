// expect: Type '"device"' is not assignable to type '"at" | "id"'
// where: id: 'device'

import { source, z } from 'millrace'

const schema = z.object({ id: z.string(), at: z.int(), flag: z.boolean(), device: z.string().nullable() })

export const events = source('events', { schema, id: 'device', time: 'at' })
