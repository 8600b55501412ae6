// expect: '"tx_count_2h"' is not assignable to parameter of type 'FeatureNames<
// where: tx_count_2h

import { cardVelocity } from '../right/example.ts'

export const view = cardVelocity.as('payee', { card_id: 'other_card' }).pick('tx_count_2h')
