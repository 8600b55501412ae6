// expect: to type 'AnyGroup'
// where: replacedBy: checkoutRisk

import { count, featureGroup } from 'millrace'
import { card, checkoutRisk, payments } from '../right/example.ts'

export const group = featureGroup('velocity', {
  source: payments,
  entity: card,
  features: { tx_count: count().describe('All payments').over('7d') },
  deprecated: { replacedBy: checkoutRisk },
})
