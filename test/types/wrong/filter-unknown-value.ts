// expect: '"refused"' is not assignable to parameter of type 'NonNullable<"approved" | "declined">'

import { count, eq } from 'millrace'
import { payments } from '../right/example.ts'

export const refused = count().where(eq(payments.status, 'refused')).over('7d')
