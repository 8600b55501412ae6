// expect: card has no key card
// where: card:

import { cardVelocity } from '../right/example.ts'

export const view = cardVelocity.as('payee', { card: 'other_card' })
