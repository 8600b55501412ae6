// expect: status is an outcome: it is not known while the event is scored
// where: event.status

import { featureService } from 'millrace'
import { cardVelocity, payments } from '../right/example.ts'

export const service = featureService('service', {
  event: payments,
  features: [cardVelocity],
  derive: { declined: ({ event }) => event.status === 'declined' },
})
