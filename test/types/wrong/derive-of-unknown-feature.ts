// expect: Property 'card_velocity__spend_9d' does not exist

import { featureService } from 'millrace'
import { cardVelocity } from '../right/example.ts'

export const service = featureService('service', {
  features: [cardVelocity],
  derive: { spend: ({ f }) => f.card_velocity__spend_9d },
})
