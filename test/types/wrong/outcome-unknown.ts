// expect: Type '"fraud"' is not assignable to type
// where: outcome: ['fraud']

import { source, z } from 'millrace'

const schema = z.object({ id: z.string(), at: z.int(), flag: z.boolean(), device: z.string().nullable() })

export const events = source('events', { schema, id: 'id', time: 'at', outcome: ['fraud'] })
