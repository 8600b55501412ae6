// expect: Property 'over' does not exist on type 'Over<
// where: .over('24h')

import { count } from 'millrace'

export const declines = count().over('7d').over('24h')
