import { describe, expect, it } from 'vitest'
import {
  and,
  avg,
  count,
  debezium,
  decayedCount,
  decayedSum,
  entity,
  featureGroup,
  featureService,
  maxGap,
  source,
  timeSince,
  z,
} from '../../src/index.ts'
import { makeColumn } from '../../src/timeline/column.ts'

const payments = source('payments', { schema: z.object({ id: z.string(), at: z.int() }), id: 'id', time: 'at' })
const card = entity('card', { key: { id: z.string() } })
const velocity = featureGroup('velocity', { source: payments, entity: card, features: { n: count().over('7d') } })

describe('what makes no definition at all', () => {
  const group = { source: payments, entity: card, features: {} }
  it.each<[string, () => unknown, string]>([
    [
      'no name',
      () => source(undefined as never, {} as never),
      "source() needs a name first, as source('name', { ... })",
    ],
    ['no options', () => entity('card', undefined as never), "entity 'card' needs an object after its name"],
    [
      'no schema',
      () => source('payments', { schema: { id: z.string() } as never, id: 'id', time: 'id' } as never),
      "source 'payments' needs a schema, as schema: z.object({ id: z.string(), ... })",
    ],
    [
      'no time',
      () => source('payments', { schema: z.object({ id: z.string() }), id: 'id' } as never),
      "source 'payments' needs time: the name of its time column",
    ],
    ['no key', () => entity('card', {} as never), "entity 'card' needs a key, as key: { card_id: z.string() }"],
    [
      'a key that is no zod type',
      () => entity('card', { key: { card_id: 'string' } } as never),
      "entity 'card' needs a zod type for its key card_id, as card_id: z.string()",
    ],
    [
      'no source',
      () => featureGroup('velocity', { ...group, source: card } as never),
      "featureGroup 'velocity' needs a source, as source: payments",
    ],
    [
      'no entity',
      () => featureGroup('velocity', { ...group, entity: 'card' } as never),
      "featureGroup 'velocity' needs an entity, as entity: card",
    ],
    [
      'no features',
      () => featureGroup('velocity', { ...group, features: undefined } as never),
      "featureGroup 'velocity' needs features, as features: { tx_count: count().over('7d') }",
    ],
    [
      'no groups',
      () => featureService('checkout', {} as never),
      "featureService 'checkout' needs features, as features: [cardVelocity]",
    ],
    [
      'a group that is none',
      () => featureService('checkout', { features: [velocity, payments] } as never),
      "featureService 'checkout', features[1] must be a feature group, or features picked from one, as cardVelocity.pick('tx_count_7d')",
    ],
    [
      'an event that is no source',
      () => featureService('checkout', { features: [velocity], event: card } as never),
      "featureService 'checkout' needs a source, as event: payments",
    ],
    [
      'a request that is no object',
      () => featureService('checkout', { features: [velocity], request: z.string() } as never),
      "featureService 'checkout' needs a zod object, as request: z.object({ cart_items: z.int() })",
    ],
    [
      'a derived value that is no function',
      () => featureService('checkout', { features: [velocity], derive: { one: 1 } } as never),
      "featureService 'checkout' needs a function for one, as one: ({ f }) => f.card_velocity__spend_7d",
    ],
    ['a value for a column', () => avg('amount' as never), 'avg() needs a column of a source, as avg(payments.amount)'],
    [
      'a half-life of half an hour',
      () => decayedSum(makeColumn('payments', 'at') as never, '0.5h' as never),
      "decayedSum() needs a half-life, not '0.5h': write a whole number of s, m, h or d, as '1h'",
    ],
    [
      'an option of maxGap that there is not',
      () => maxGap({ tonow: true } as never),
      'maxGap() takes nothing or { toNow: true }, not tonow',
    ],
    [
      'an option of maxGap that is no truth',
      () => maxGap({ toNow: 'yes' } as never),
      "maxGap() takes nothing or { toNow: true }, not toNow: 'yes'",
    ],
    ['no options of maxGap', () => maxGap(true as never), 'maxGap() takes nothing or { toNow: true }, not true'],
    [
      'a version of change events that is no function',
      () => debezium({ version: 'lsn' } as never),
      "debezium() needs a function as version, not 'lsn': version: ({ source }) => Number(source.pos)",
    ],
    [
      'times of change events that are no object',
      () => debezium({ times: 'us' } as never),
      "debezium() needs an object as times, not 'us': times: { created_at: 'us' }",
    ],
    [
      'times of change events in nanoseconds',
      () => debezium({ times: { at: 'ns' } } as never),
      "debezium(): times.at is 'ns'; write 'ms' or 'us', which is what its numbers count",
    ],
    [
      'keys of change events that are no list',
      () => debezium({ keys: 'shop' } as never),
      "debezium() needs a list of columns as keys, not 'shop': keys: ['merchant_id']",
    ],
    [
      'no half-life',
      () => decayedCount(undefined as never),
      "decayedCount() needs a half-life, not undefined: write a whole number of s, m, h or d, as '1h'",
    ],
    [
      'no filter to measure from',
      () => timeSince('declined' as never),
      'timeSince() needs a filter, as timeSince(eq(payments.fraud, true))',
    ],
    ['a value for a filter', () => and(true as never), "and() needs filters, as and(eq(payments.status, 'declined'))"],
  ])('is refused at once: %s', (_, define, message) => {
    expect(define).toThrow(new TypeError(message))
  })
})
