// expect: Expected at least 1 arguments
// where: pick()

import { merchantRisk } from '../right/example.ts'

export const view = merchantRisk.pick()
