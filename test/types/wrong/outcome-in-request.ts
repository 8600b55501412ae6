// expect: status is an outcome: it is not known while the event is scored
// where: status:

import type { InputOf } from 'millrace'
import type { checkoutRisk } from '../right/example.ts'

export const input: InputOf<typeof checkoutRisk> = {
  event: {
    id: 'p1',
    occurred_at: '2026-01-01T00:00:00Z',
    updated_at: 1,
    card_id: 'c1',
    merchant_id: 'm1',
    device_id: null,
    amount: '12.34',
    status: 'declined',
  },
  request: { cart_items: 2 },
}
