import { entity, z } from 'millrace'

export const card = entity('card', {
  description: 'One payment card.',
  owner: 'risk',
  key: { card_id: z.string() },
})

export const cardMerchant = entity('card_merchant', {
  description: 'One card at one merchant.',
  owner: 'risk',
  key: { card_id: z.string(), merchant_id: z.string() },
})

export const merchant = entity('merchant', {
  description: 'One merchant, with all its shops.',
  owner: 'risk',
  key: { merchant_id: z.string() },
})
