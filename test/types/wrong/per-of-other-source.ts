// expect: this feature reads logins, but the source of its group is payments
// where: tx_by_device

import { count, featureGroup } from 'millrace'
import { card, logins, payments } from '../right/example.ts'

export const velocity = featureGroup('velocity', {
  source: payments,
  entity: card,
  features: { tx_by_device: count().per(logins.device_id, { limit: 5 }).over('7d') },
})
