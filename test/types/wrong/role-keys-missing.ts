// expect: Property 'keys' is missing
// where: input

import { featureService, type InputOf } from 'millrace'
import { cardVelocity, payments } from '../right/example.ts'

const service = featureService('service', {
  event: payments,
  features: [cardVelocity.as('referrer', { card_id: 'referrer_card' })],
})
export const input = (event: InputOf<typeof service>['event']): InputOf<typeof service> => ({ event })
