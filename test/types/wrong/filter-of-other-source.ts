// expect: this feature reads logins, but the source of its group is payments
// where: tx_count:

import { and, count, eq, featureGroup, gt } from 'millrace'
import { card, logins, payments } from '../right/example.ts'

export const group = featureGroup('group', {
  source: payments,
  entity: card,
  features: {
    tx_count: count().where(and(eq(payments.status, 'declined'), gt(logins.seconds, 3))).over('7d'),
  },
})
