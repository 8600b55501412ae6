// expect: is possibly 'null'
// where: f.phone__tx_count_1h

import { featureService } from 'millrace'
import { cardVelocity, payments } from '../right/example.ts'

export const service = featureService('service', {
  event: payments,
  features: [cardVelocity.as('phone', { card_id: 'device_id' })],
  derive: { more: ({ f }) => f.phone__tx_count_1h + 1 },
})
