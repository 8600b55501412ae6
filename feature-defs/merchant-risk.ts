import { eq, featureGroup, rate } from 'millrace'
import { merchant } from './entities.ts'
import { payments } from './payments.ts'

export const merchantRisk = featureGroup('merchant_risk', {
  description: 'How much of what a merchant took turned out to be fraud.',
  owner: 'fraud-features',
  tags: ['merchant'],
  source: payments,
  entity: merchant,
  features: {
    // The 7 or 30 days that ended 7 days ago: by then most of the fraud is known.
    fraud_rate: rate(eq(payments.fraud, true)).over('7d', '30d').delayed('7d'),
  },
})
