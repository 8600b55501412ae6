import { definitions } from '../../definitions.ts'

export const { payments, card, merchant, cardMerchant, ofCard, ofMerchant, ofPair, byKeys, scored } =
  definitions('longer')
