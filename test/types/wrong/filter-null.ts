// expect: Argument of type 'null' is not assignable to parameter of type 'string'

import { count, eq } from 'millrace'
import { payments } from '../right/example.ts'

export const unknown = count().where(eq(payments.device_id, null)).over('7d')
