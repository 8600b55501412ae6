import { avg, count, countDistinct, eq, featureGroup, lastN, sum, timeSinceLast } from 'millrace'
import { card } from './entities.ts'
import { payments } from './payments.ts'

export const cardVelocity = featureGroup('card_velocity', {
  description: 'How a card spends now.',
  owner: 'fraud-features',
  tags: ['card'],
  source: payments,
  entity: card,
  features: {
    tx_count: count().over('5m', '1h', '24h', '7d', '30d'),
    declines: count().where(eq(payments.status, 'declined')).over('1h', '24h'),
    spend: sum(payments.amount).over('24h', '7d'),
    avg_amount: avg(payments.amount).excludeCurrent().over('7d', '30d'),
    merchants: countDistinct(payments.merchant_id).over('24h', '7d'),
    last_merchants: lastN(payments.merchant_id, 5).excludeCurrent().over('7d'),
    // Milliseconds.
    idle: timeSinceLast().excludeCurrent().over('30d'),
  },
})
