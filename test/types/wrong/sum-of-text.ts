// expect: sum() needs a number column, but payments.status is a string
// where: sum(payments.status)

import { sum } from 'millrace'
import { payments } from '../right/example.ts'

export const spend = sum(payments.status).over('7d')
