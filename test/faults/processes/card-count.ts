/** A file of definitions: how often a card paid, from a topic and an archive. */
export const CARD_COUNT = `
import { count, entity, featureGroup, featureService, source, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string() }),
  id: 'id', time: 'at', stream: { topic: 'payments' }, archive: { table: 'payments' },
})
export const card = entity('card', { key: { card_id: z.string() } })
export const cards = featureGroup('cards', { source: payments, entity: card, features: { n: count().over('7d') } })
export const profile = featureService('profile', { features: [cards] })
`
