import { featureService, ratio } from 'millrace'
import { cardVelocity } from './card-velocity.ts'
import { merchantRisk } from './merchant-risk.ts'
import { payments } from './payments.ts'

export const checkoutScore = featureService('checkout_score', {
  description: 'What the checkout model itself reads: numbers only, so that it is asked with format=vector.',
  owner: 'checkout-ml',
  event: payments,
  features: [
    cardVelocity.pick('tx_count_1h', 'tx_count_24h', 'spend_24h', 'avg_amount_7d', 'merchants_24h', 'idle_30d'),
    merchantRisk.pick('fraud_rate_7d_delayed_7d'),
  ],
  derive: {
    amount_vs_usual: ({ event, f }) => ratio(event.amount, f.card_velocity__avg_amount_7d),
    is_new_card: ({ f }) => f.card_velocity__idle_30d === null,
  },
})
