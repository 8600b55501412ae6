// expect: Property 'as' does not exist
// where: .as('payer'

import { cardVelocity } from '../right/example.ts'

export const view = cardVelocity.as('payee', { card_id: 'other_card' }).as('payer', { card_id: 'card' })
