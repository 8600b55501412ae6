import { featureService, ratio, z } from 'millrace'
import { cardVelocity } from './card-velocity.ts'
import { merchantRisk } from './merchant-risk.ts'
import { payments } from './payments.ts'

export const checkoutRisk = featureService('checkout_risk', {
  description: 'Inputs of the checkout model.',
  owner: 'checkout-ml',
  // The kind of event that is being scored.
  event: payments,
  features: [cardVelocity, merchantRisk.pick('fraud_rate_7d_delayed_7d')],
  request: z.object({ cart_items: z.int() }),
  derive: {
    amount_vs_usual: ({ event, f }) => ratio(event.amount, f.card_velocity__avg_amount_30d),
  },
})
