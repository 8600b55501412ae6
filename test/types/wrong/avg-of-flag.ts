// expect: avg() needs a number column, but payments.fraud is a boolean
// where: avg(payments.fraud)

import { avg } from 'millrace'
import { payments } from '../right/example.ts'

export const share = avg(payments.fraud).over('7d')
