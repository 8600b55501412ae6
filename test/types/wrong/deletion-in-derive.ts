// expect: gone is a version or a deletion: it is not known while the event is scored
// where: event.gone

import { count, entity, featureGroup, featureService, source, z } from 'millrace'

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), gone: z.boolean(), card_id: z.string() }),
  id: 'id',
  time: 'at',
  deleted: 'gone',
})
const card = entity('card', { key: { card_id: z.string() } })
const group = featureGroup('g', { source: payments, entity: card, features: { n: count().over('7d') } })

export const service = featureService('s', {
  event: payments,
  features: [group],
  derive: { gone: ({ event }) => event.gone },
})
