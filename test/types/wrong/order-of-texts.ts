// expect: gt() needs a number or time column, but payments.status is a string
// where: gt(payments.status

import { count, gt } from 'millrace'
import { payments } from '../right/example.ts'

export const later = count().where(gt(payments.status, 'approved')).over('7d')
