// expect: logins has no column card_id: say which one holds card_id, as card.from({ card_id: 'column' })
// where: entity: card

import { count, featureGroup } from 'millrace'
import { card, logins } from '../right/example.ts'

export const group = featureGroup('group', {
  source: logins,
  entity: card,
  features: { login_count: count().over('7d') },
})
