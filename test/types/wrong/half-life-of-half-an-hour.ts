// expect: '0.5h' is not a duration: write a whole number of s, m, h or d, as '7d'
// where: '0.5h'

import { decayedCount } from 'millrace'

export const lately = decayedCount('0.5h').over('7d')
