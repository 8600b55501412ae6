// expect: percentile() needs a number column, but payments.merchant_id is a string
// where: percentile(payments.merchant_id

import { percentile } from 'millrace'
import { payments } from '../right/example.ts'

export const large = percentile(payments.merchant_id, 95).over('7d')
