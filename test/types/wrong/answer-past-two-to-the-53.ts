// expect: Type 'string | number' is not assignable to type 'number'

import type { VectorOf } from 'millrace'
import type { checkoutRisk } from '../right/example.ts'

export function spend(vector: VectorOf<typeof checkoutRisk>): number {
  return vector.card_velocity__spend_24h
}
