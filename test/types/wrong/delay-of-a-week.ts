// expect: '1w' is not a duration: write a whole number of s, m, h or d, as '7d'

import { count } from 'millrace'

export const declines = count().over('7d').delayed('1w')
