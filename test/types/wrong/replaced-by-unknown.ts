// expect: Type '"payment"' is not assignable to type
// where: replacedBy: 'payment'

import { count, featureGroup } from 'millrace'
import { card, payments } from '../right/example.ts'

export const group = featureGroup('velocity', {
  source: payments,
  entity: card,
  features: { tx_count: count().over('7d'), payments: count().over('7d') },
  deprecatedFeatures: {
    tx_count: { replacedBy: 'payment' },
  },
})
