// expect: zScore() needs a number column, but payments.status is a string
// where: zScore(payments.status)

import { zScore } from 'millrace'
import { payments } from '../right/example.ts'

export const odd = zScore(payments.status).over('7d')
