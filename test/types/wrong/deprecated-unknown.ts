// expect: 'tx_cnt' does not exist in type
// where: tx_cnt:

import { count, featureGroup } from 'millrace'
import { card, payments } from '../right/example.ts'

export const group = featureGroup('velocity', {
  source: payments,
  entity: card,
  features: { tx_count: count().over('7d'), payments: count().over('7d') },
  deprecatedFeatures: {
    tx_cnt: { replacedBy: 'payments' },
  },
})
