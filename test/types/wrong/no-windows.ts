// expect: Expected at least 1 arguments
// where: over()

import { count } from 'millrace'

export const declines = count().over()
