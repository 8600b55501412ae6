// expect: logins has no column card: say which one holds card_id
// where: entity: card

import { count, featureGroup } from 'millrace'
import { card, logins } from '../right/example.ts'

export const group = featureGroup('group', {
  source: logins,
  entity: card.from({ card_id: 'card' }),
  features: { login_count: count().over('7d') },
})
