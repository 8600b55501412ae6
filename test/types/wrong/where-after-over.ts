// expect: Property 'where' does not exist on type 'Over<
// where: .where(

import { count, eq } from 'millrace'
import { payments } from '../right/example.ts'

export const declines = count().over('7d').where(eq(payments.status, 'declined'))
