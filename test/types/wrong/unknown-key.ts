// expect: card has no key card
// where: from(

import { card } from '../right/example.ts'

export const mapped = card.from({ card: 'cardNo' })
