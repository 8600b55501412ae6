// expect: Property 'amont' does not exist
// where: amont

import { sum } from 'millrace'
import { payments } from '../right/example.ts'

export const spend = sum(payments.amont).over('7d')
