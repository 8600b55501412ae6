// expect: 'f.card_velocity__avg_amount_7d' is possibly 'null'

import { featureService } from 'millrace'
import { cardVelocity } from '../right/example.ts'

export const service = featureService('service', {
  features: [cardVelocity],
  derive: { doubled: ({ f }) => f.card_velocity__avg_amount_7d * 2 },
})
