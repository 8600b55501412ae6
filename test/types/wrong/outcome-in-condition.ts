// expect: fraud is an outcome: it is not known while the event is scored
// where: event.fraud

import { featureService } from 'millrace'
import { cardVelocity, payments } from '../right/example.ts'

export const service = featureService('service', {
  event: payments,
  features: [cardVelocity],
  derive: { score: ({ event }) => (event.fraud ? 1 : 0) },
})
