// expect: this is not a feature: write one as count().over('7d')
// where: amount:

import { featureGroup } from 'millrace'
import { card, payments } from '../right/example.ts'

export const group = featureGroup('group', {
  source: payments,
  entity: card,
  features: { amount: payments.amount },
})
