// expect: Type 'boolean' is not assignable to type 'string'
// where: [true]

import { count, inList } from 'millrace'
import { payments } from '../right/example.ts'

export const some = count().where(inList(payments.merchant_id, [true])).over('7d')
