// expect: card.card_id and logins.id have different types: an entity's key must have the type of its column
// where: entity: card

import { count, featureGroup } from 'millrace'
import { card, logins } from '../right/example.ts'

export const group = featureGroup('group', {
  source: logins,
  entity: card.from({ card_id: 'id' }),
  features: { login_count: count().over('7d') },
})
