// expect: Type '"device"' is not assignable to type '"flag"'
// where: deleted: 'device'

import { source, z } from 'millrace'

const schema = z.object({ id: z.string(), at: z.int(), flag: z.boolean(), device: z.string().nullable() })

export const events = source('events', { schema, id: 'id', time: 'at', deleted: 'device' })
