import { describe, expect, it } from 'vitest'
import { derivedReads } from '../../src/features/derived-reads.ts'
import { count, countDistinct, entity, eq, featureGroup, featureService, lastN, z } from '../../src/index.ts'
import { modelOf, payments, untyped } from './definition-kit.ts'

const paid = payments(
  { card_id: z.string(), amount: z.number(), status: z.enum(['ok', 'no']), big: z.boolean() },
  { outcome: ['status'] },
)
const cards = featureGroup(
  'cards',
  untyped({
    source: paid,
    entity: entity('card', { key: { card_id: z.string() } }),
    features: {
      n: count().over('1d', '7d'),
      by: count().per(untyped(paid.status), { limit: 2 }).over('7d'),
      last: lastN(paid.amount!, 3).over('7d'),
      bad: count()
        .where(eq(paid.status!, untyped('no')))
        .over('7d'),
      ids: countDistinct(paid.id!).over('7d'),
    },
  }),
)

function reads(compute: (input: Record<'f' | 'event' | 'request', Record<string, never>>) => unknown) {
  const request = z.object({ items: z.int(), note: z.string() })
  const service = featureService('risk', untyped({ event: paid, features: [cards], request, derive: { d: compute } }))
  return derivedReads(modelOf({ service }).services.get('risk')!)[0]!
}

const NONE = { name: 'd', features: [], event: [], request: [], types: [], nullable: false }

describe('what a derived value reads and gives', () => {
  it.each<[what: string, compute: Parameters<typeof reads>[0], found: object]>([
    ['nothing', () => 7, { types: ['number'] }],
    [
      'a feature, a column and a field',
      ({ f, event, request }) => `${f.cards__n_7d}${event.amount}${request.items}`,
      { features: ['cards__n_7d'], event: ['amount'], request: ['items'], types: ['string'] },
    ],
    [
      'what another value leads to',
      ({ f, event }) => (f.cards__n_1d! > 5 ? event.big : f.cards__n_1d === null ? null : f.cards__ids_7d),
      { features: ['cards__n_1d', 'cards__ids_7d'], event: ['big'], types: ['boolean', 'number'], nullable: true },
    ],
    [
      'a list and a map',
      ({ f }) =>
        Object.keys(f.cards__by_7d ?? {}).length + ((f.cards__last_7d as unknown as number[] | null)?.[0] ?? 0),
      { features: ['cards__by_7d', 'cards__last_7d'], types: ['number'] },
    ],
    [
      'all of them',
      ({ f }) => Object.values(f).length > 2,
      {
        features: ['cards__n_1d', 'cards__n_7d', 'cards__by_7d', 'cards__last_7d', 'cards__bad_7d', 'cards__ids_7d'],
        types: ['boolean'],
      },
    ],
    [
      'none of what is not known while it is scored, and nothing by failing',
      ({ event }) => {
        if ('status' in event) return 'no'
        throw new Error('wrong')
      },
      {},
    ],
    ['a promise is no value', () => Promise.reject(new Error('wrong')), {}],
  ])('%s', (_, compute, found) => {
    expect(reads(compute)).toEqual({ ...NONE, ...found })
  })
})
