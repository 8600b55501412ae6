import { describe, expect, it } from 'vitest'
import { dataOf, type GroupData, meta, type ServiceData, type SourceData } from '../../src/features/definition.ts'
import {
  count,
  type DerivedValue,
  entity,
  eq,
  featureGroup,
  featureService,
  lastN,
  money,
  not,
  rate,
  source,
  sum,
  z,
} from '../../src/index.ts'

const payments = source('payments', {
  description: 'Every card authorisation.',
  owner: 'payments-platform',
  tags: ['pci'],
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime(),
    updated_at: z.int(),
    gone: z.boolean(),
    card_id: z.string(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'at',
  version: 'updated_at',
  deleted: 'gone',
  outcome: ['status', 'fraud'],
  stream: { topic: 'payments.auth' },
  archive: { table: 'payments_auth', columns: { card_id: 'cardNo' }, lag: '1h', precision: 's' },
  lookback: '7d',
})
const card = entity('card', { key: { card_id: z.string() }, description: 'One card.', owner: 'risk', tags: ['pci'] })
const velocity = featureGroup('velocity', {
  description: 'How a card spends.',
  source: payments,
  entity: card,
  features: {
    declines: count()
      .where(eq(payments.status, 'declined'))
      .where(not(eq(payments.fraud, true)))
      .excludeCurrent()
      .over('1h', '24h'),
    spend: sum(payments.amount).over('7d'),
    last: lastN(payments.status, 3).over('7d').delayed('90m'),
    risk: rate(eq(payments.fraud, true)).over('7d'),
  },
})
const service = featureService('checkout', {
  owner: 'checkout-ml',
  event: payments,
  features: [velocity.pick('spend_7d', 'declines_1h'), velocity],
  request: z.object({ items: z.int() }),
  derive: { doubled: ({ f }) => f.velocity__spend_7d * 2 },
})

/** Every object that can be reached, without what zod and functions hold. */
function reachable(value: unknown, seen = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || '_zod' in value || seen.has(value)) return seen
  seen.add(value)
  for (const key of Reflect.ownKeys(value)) reachable(Reflect.get(value, key), seen)
  return seen
}

describe('a definition', () => {
  it.each([
    ['source', payments],
    ['entity', card],
    ['mapped entity', card.from({ card_id: 'id' })],
    ['group', velocity],
    ['view', velocity.pick('spend_7d')],
    ['service', service],
  ])('is frozen to its depth: %s', (_, definition) => {
    const thawed = [...reachable(definition)].filter((object) => !Object.isFrozen(object))
    expect(thawed).toEqual([])
    expect(reachable(definition).size).toBeGreaterThan(2)
  })

  it('does not follow later changes of what it was made from', () => {
    const tags = ['a']
    const outcome: 'fraud'[] = ['fraud']
    const columns = { card_id: 'cardNo' }
    const stream = { topic: 't' }
    const schema = z.object({ id: z.string(), at: z.int(), card_id: z.string(), fraud: z.boolean() })
    const archive = { table: 'a', columns }
    const logins = source('logins', { schema, id: 'id', time: 'at', tags, outcome, stream, archive })
    tags.push('b')
    outcome.push('fraud')
    columns.card_id = 'other'
    stream.topic = 'other'
    archive.table = 'other'
    expect(logins[meta]).toMatchObject({
      tags: ['a'],
      outcome: ['fraud'],
      stream: { topic: 't' },
      archive: { table: 'a', columns: { card_id: 'cardNo' } },
    })
  })

  it('is found by its data, and nothing else is', () => {
    expect([payments, card, velocity, service].map((value) => dataOf(value)?.kind)).toEqual([
      'source',
      'entity',
      'group',
      'service',
    ])
    const others = [velocity.pick('spend_7d'), payments.amount, count(), count().over('7d'), z.string(), null, 'x', {}]
    expect(others.map(dataOf)).toEqual(others.map(() => null))
  })
})

describe('source()', () => {
  it('keeps what it was told', () => {
    const { schema, ...data } = payments[meta] as SourceData
    expect(data).toEqual({
      kind: 'source',
      name: 'payments',
      description: 'Every card authorisation.',
      owner: 'payments-platform',
      tags: ['pci'],
      id: 'id',
      time: 'at',
      version: 'updated_at',
      deleted: 'gone',
      outcome: ['status', 'fraud'],
      compute: {},
      stream: { topic: 'payments.auth' },
      archive: { table: 'payments_auth', columns: { card_id: 'cardNo' }, lag: '1h', precision: 's' },
      lookback: '7d',
    })
    expect(schema._zod.def.type).toBe('object')
  })

  it('is not streamed, not archived, without version, tombstones and outcomes, unless it says so', () => {
    const { schema, ...data } = source('plain', {
      schema: z.object({ id: z.int(), at: z.int() }),
      id: 'id',
      time: 'at',
    })[meta] as SourceData
    expect(data).toEqual({
      kind: 'source',
      name: 'plain',
      id: 'id',
      time: 'at',
      version: null,
      deleted: null,
      outcome: [],
      compute: {},
      stream: null,
      archive: null,
      lookback: '2d',
    })
    expect(Object.keys(schema._zod.def.shape)).toEqual(['id', 'at'])
  })

  it('is its columns, whatever they are called', () => {
    const names = [
      'id',
      'name',
      'schema',
      'meta',
      'kind',
      'constructor',
      'toString',
      '__proto__',
      'then',
      'hasOwnProperty',
    ]
    const shape = Object.fromEntries(names.map((name) => [name, z.string()]))
    // A literal would set the prototype.
    Object.defineProperty(shape, '__proto__', { value: z.string(), enumerable: true })
    const odd = source('odd', { schema: z.object(shape), id: 'id', time: 'name' })
    expect(Object.getPrototypeOf(odd)).toBeNull()
    expect(Object.keys(odd)).toEqual(Object.keys(shape))
    for (const name of names) {
      const column = Object.getOwnPropertyDescriptor(odd, name)?.value
      expect({ ...column }).toMatchObject({ source: 'odd', column: name })
    }
  })
})

describe('entity()', () => {
  it('has a column for each key, of the same name or as from() says', () => {
    const pair = entity('pair', { key: { card_id: z.string(), merchant_id: z.string() } })
    expect(pair[meta].columns).toEqual({ card_id: 'card_id', merchant_id: 'merchant_id' })
    const mapped = pair.from({ merchant_id: 'shop' })
    expect(mapped[meta].columns).toEqual({ card_id: 'card_id', merchant_id: 'shop' })
    expect(mapped.from({ card_id: 'cardNo' })[meta].columns).toEqual({ card_id: 'cardNo', merchant_id: 'shop' })
    // What makes it the same entity.
    expect(mapped[meta].key).toBe(pair[meta].key)
    expect(mapped[meta].name).toBe('pair')
    expect(pair[meta].columns).toEqual({ card_id: 'card_id', merchant_id: 'merchant_id' })
  })
})

describe('featureGroup()', () => {
  const data = dataOf(velocity) as GroupData

  it('refers to the data of its source and entity', () => {
    expect(data.source).toBe(payments[meta])
    expect(data.entity).toBe(card[meta])
    expect(data).toMatchObject({ kind: 'group', name: 'velocity', description: 'How a card spends.' })
  })

  it('holds its features as data', () => {
    const plain = {
      source: null,
      column: null,
      of: null,
      params: {},
      where: null,
      per: null,
      excludeCurrent: false,
      windows: ['7d'],
      delay: null,
    }
    const fraud = { op: 'eq', source: 'payments', column: 'fraud', value: true }
    const declined = { op: 'eq', source: 'payments', column: 'status', value: 'declined' }
    const where = { op: 'and', filters: [declined, { op: 'not', filter: fraud }] }
    const amount = { source: 'payments', column: 'amount' }
    const status = { source: 'payments', column: 'status' }
    expect(Object.fromEntries(Object.entries(data.features).map(([name, { spec }]) => [name, spec]))).toEqual({
      declines: { ...plain, aggregate: 'count', where, excludeCurrent: true, windows: ['1h', '24h'] },
      spend: { ...plain, ...amount, aggregate: 'sum' },
      last: { ...plain, ...status, aggregate: 'lastN', params: { n: 3 }, delay: '90m' },
      risk: { ...plain, aggregate: 'rate', of: fraud },
    })
  })

  it('leaves what is wrong within it to check, which tells all of it at once', () => {
    const features = { unfinished: count(), column: payments.amount, nothing: null }
    const wrong = featureGroup('wrong', { source: payments, entity: card, features: features as never })
    expect({ ...(dataOf(wrong) as GroupData).features }).toEqual(features)
  })
})

describe('featureService()', () => {
  const data = dataOf(service) as ServiceData

  it('reads whole groups and picked features', () => {
    const group = dataOf(velocity)
    expect(data.features).toEqual([
      { kind: 'view', group, picked: ['spend_7d', 'declines_1h'], role: null },
      { kind: 'view', group, picked: null, role: null },
    ])
    expect(data.features[1]?.group).toBe(group)
    expect(data.event).toBe(payments[meta])
  })

  it('keeps its functions and its request', () => {
    const doubled = data.derive.doubled as (input: unknown) => DerivedValue
    expect(doubled({ f: { velocity__spend_7d: 21 } })).toBe(42)
    expect(Object.keys(data.request?._zod.def.shape ?? {})).toEqual(['items'])
    expect(data).toMatchObject({ kind: 'service', name: 'checkout', owner: 'checkout-ml' })
  })

  it('has neither event, request nor derived values unless it says so', () => {
    const plain = dataOf(featureService('plain', { features: [velocity] }))
    expect(plain).toMatchObject({ event: null, request: null, derive: {} })
  })
})
