// expect: this feature has no window yet: end it with .over('7d')
// where: tx_count:

import { count, eq, featureGroup } from 'millrace'
import { card, payments } from '../right/example.ts'

export const group = featureGroup('group', {
  source: payments,
  entity: card,
  features: { tx_count: count().where(eq(payments.status, 'declined')) },
})
