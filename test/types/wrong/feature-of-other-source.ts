// expect: this feature reads logins, but the source of its group is payments
// where: seconds:

import { avg, featureGroup } from 'millrace'
import { card, logins, payments } from '../right/example.ts'

export const group = featureGroup('group', {
  source: payments,
  entity: card,
  features: {
    spend: avg(payments.amount).over('7d'),
    seconds: avg(logins.seconds).over('7d'),
  },
})
