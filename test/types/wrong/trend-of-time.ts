// expect: trend() needs a number column, but payments.occurred_at is a time
// where: trend(payments.occurred_at)

import { gt, trend } from 'millrace'
import { payments } from '../right/example.ts'

export const late = gt(payments.occurred_at, '2026-01-01T00:00:00Z')
export const slope = trend(payments.occurred_at).over('7d')
