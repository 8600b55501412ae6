// expect: Property 'keys' is missing

import { count, type EventIn, featureGroup, featureService, type InputOf } from 'millrace'
import { card, logins, merchantRisk } from '../right/example.ts'

const cardLogins = featureGroup('card_logins', {
  source: logins,
  entity: card.from({ card_id: 'cardNo' }),
  features: { login_count: count().over('7d') },
})
const service = featureService('service', { event: logins, features: [cardLogins, merchantRisk] })

export function input(event: EventIn<typeof logins>): InputOf<typeof service> {
  return { event }
}
