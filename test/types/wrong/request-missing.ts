// expect: Property 'request' is missing

import type { EventIn, InputOf } from 'millrace'
import type { checkoutRisk, payments } from '../right/example.ts'

export function input(event: EventIn<typeof payments>): InputOf<typeof checkoutRisk> {
  return { event }
}
