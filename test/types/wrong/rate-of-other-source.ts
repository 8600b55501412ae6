// expect: this feature reads logins, but the source of its group is payments
// where: gone:

import { eq, featureGroup, rate } from 'millrace'
import { card, logins, payments } from '../right/example.ts'

export const group = featureGroup('group', {
  source: payments,
  entity: card,
  features: { gone: rate(eq(logins.gone, true)).over('7d') },
})
