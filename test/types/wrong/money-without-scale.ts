// expect: Expected 1 arguments
// where: money()

import { money } from 'millrace'

export const amount = money()
