// expect: is not assignable to parameter of type 'Column<
// where: sum('amount')

import { sum } from 'millrace'

export const spend = sum('amount').over('7d')
