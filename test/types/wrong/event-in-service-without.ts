// expect: Property 'event' does not exist
// where: ({ event })

import { featureService } from 'millrace'
import { cardVelocity } from '../right/example.ts'

export const service = featureService('service', {
  features: [cardVelocity],
  derive: { amount: ({ event }) => 1 },
})
