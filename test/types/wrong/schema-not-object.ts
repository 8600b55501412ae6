// expect: Type 'ZodString' is not assignable to type '$ZodObject<
// where: schema: z.string()

import { source, z } from 'millrace'

export const events = source('events', {
  schema: z.string(),
  id: 'id',
  time: 'at',
})
