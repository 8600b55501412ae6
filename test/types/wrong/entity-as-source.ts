// expect: is not assignable to type 'AnySource'

import { count, featureGroup } from 'millrace'
import { card } from '../right/example.ts'

export const group = featureGroup('group', { source: card, entity: card, features: { tx_count: count().over('7d') } })
