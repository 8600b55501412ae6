// expect: '0.5h' is not a duration: write a whole number of s, m, h or d

import { count } from 'millrace'

export const declines = count().over('0.5h')
