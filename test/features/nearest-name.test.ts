import { expect, it } from 'vitest'
import { namesCure } from '../../src/features/nearest-name.ts'

const NAMES = ['card__spend_7d', 'card__tx_count_24h', 'card__tx_count_7d', 'shop', 'shop']

it.each<[what: string, typed: string, names: string[], more: string | null, cure: string]>([
  ['a slip of the fingers', 'card__spend_8d', NAMES, null, `did you mean 'card__spend_7d'?`],
  ['with more to say', 'shp', NAMES, 'see the catalogue', `did you mean 'shop'? see the catalogue`],
  ['the beginning of one', 'card__spend', NAMES, null, `did you mean 'card__spend_7d'?`],
  ['the beginning of some', 'card__tx_co', NAMES, null, 'there are card__tx_count_24h, card__tx_count_7d'],
  ['near none', 'x', NAMES, null, 'there are card__spend_7d, card__tx_count_24h, card__tx_count_7d, shop'],
  ['near none, with more', 'x', ['shop'], 'see the catalogue', 'there is shop; see the catalogue'],
  ['where there are none', 'x', [], null, 'none is defined'],
])('an unknown name: %s', (_, typed, names, more, cure) => {
  expect(namesCure(typed, names, more)).toBe(cure)
})
