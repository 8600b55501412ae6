import { definitions, ofVisits, visited } from '../../definitions.ts'

export const { payments, card, merchant, cardMerchant, ofCard, ofMerchant, ofPair, byKeys, scored } =
  definitions('kinds')
export { ofVisits, visited }
