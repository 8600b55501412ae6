// expect: '"fraud_rate_9d"' is not assignable to parameter of type '"fraud_rate_30d_delayed_7d" | "fraud_rate_7d_delayed_7d"'
// where: pick(

import { merchantRisk } from '../right/example.ts'

export const view = merchantRisk.pick('fraud_rate_9d')
