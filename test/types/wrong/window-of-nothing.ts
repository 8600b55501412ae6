// expect: '0d' is too short: a duration is at least 1s

import { count } from 'millrace'

export const declines = count().over('0d')
