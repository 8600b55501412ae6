// expect: Property 'merchant_risk__fraud_rate_30d_delayed_7d' does not exist

import { featureService } from 'millrace'
import { merchantRisk } from '../right/example.ts'

export const service = featureService('service', {
  features: [merchantRisk.pick('fraud_rate_7d_delayed_7d')],
  derive: { risk: ({ f }) => f.merchant_risk__fraud_rate_30d_delayed_7d },
})
