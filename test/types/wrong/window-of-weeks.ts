// expect: '7w' is not a duration: write a whole number of s, m, h or d, as '7d'
// where: '7w'

import { count } from 'millrace'

export const declines = count().over('7d', '7w')
