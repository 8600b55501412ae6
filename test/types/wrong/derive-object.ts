// expect: is not assignable to type 'DerivedValue'
// where: amount:

import { featureService } from 'millrace'
import { cardVelocity, payments } from '../right/example.ts'

export const service = featureService('service', {
  event: payments,
  features: [cardVelocity],
  derive: { amount: ({ event }) => ({ amount: event.amount }) },
})
