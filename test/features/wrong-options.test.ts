import { describe, expect, it } from 'vitest'
import { count, entity, featureGroup, featureService, source, z } from '../../src/index.ts'
import { payments, problemsOf, untyped } from './definition-kit.ts'

const seen = payments({ card_id: z.string() })
const card = entity('card', { key: { card_id: z.string() } })

function group(options: object) {
  const features = { tx_count: count().over('1h') }
  return featureGroup('velocity', untyped({ source: seen, entity: card, features, ...options }))
}

function service(options: object) {
  return featureService('risk', untyped({ features: [group({})], ...options }))
}

/** What is written, the definitions, and what `check` says of them. */
const WRONG: readonly (readonly [wrong: string, exports: Record<string, unknown>, says: string])[] = [
  [
    'a source',
    { payments: payments({}, { strem: { topic: 'payments' } }) },
    `defs.ts: source payments: there is no option strem; did you mean 'stream'?`,
  ],
  [
    'a stream',
    { payments: payments({}, { stream: { topic: 'payments', wher: { kind: 'card' } } }) },
    `defs.ts: source payments: there is no option stream.wher; did you mean 'where'?`,
  ],
  [
    'an archive',
    { payments: payments({}, { archive: { table: 'payments', database: 'fraud' } }) },
    `defs.ts: source payments: there is no option archive.database; leave it out, or write one of table, columns, lag, precision`,
  ],
  [
    'a computed column',
    { payments: payments({}, { compute: { bin: { version: 1, type: z.string(), of: () => null, defualt: '' } } }) },
    `defs.ts: source payments: there is no option compute.bin.defualt; leave it out, or write one of version, type, of`,
  ],
  [
    'an entity',
    { card: entity('card', untyped({ key: { card_id: z.string() }, owners: ['risk'] })) },
    `defs.ts: entity card: there is no option owners; did you mean 'owner'?`,
  ],
  [
    'a group',
    { velocity: group({ describtion: 'How a card spends.' }) },
    `defs.ts: group velocity: there is no option describtion; did you mean 'description'?`,
  ],
  [
    'a deprecated group',
    { velocity: group({ deprecated: { replacedby: card, why: 'old' } }) },
    `defs.ts: group velocity: there is no option deprecated.replacedby; did you mean 'replacedBy'?`,
  ],
  [
    'a deprecated feature',
    { velocity: group({ deprecatedFeatures: { tx_count: { sinse: '2026-11', why: 'old' } } }) },
    `defs.ts: group velocity: there is no option deprecatedFeatures.tx_count.sinse; did you mean 'since'?`,
  ],
  [
    'a service',
    { risk: service({ derived: {} }) },
    `defs.ts: service risk: there is no option derived; did you mean 'derive'?`,
  ],
]

describe('an option that there is not', () => {
  it.each(WRONG)('of %s', (_, exports, says) => {
    expect(problemsOf(exports)).toEqual([says])
  })

  it('is none of those that there are', () => {
    const described = { description: 'Payments.', owner: 'risk', tags: ['pci'] }
    const all = source('payments', {
      ...described,
      schema: z.object({ id: z.string(), at: z.int(), v: z.int(), gone: z.boolean(), card_id: z.string() }),
      ...({ id: 'id', time: 'at', version: 'v', deleted: 'gone', outcome: [], lookback: '3d' } as const),
      compute: { bin: { version: 1, type: z.string(), of: (row) => row.card_id } },
      stream: { topic: 'payments', where: { kind: 'card' } },
      archive: { table: 'payments', columns: { card_id: 'card' }, lag: '1h', precision: 'ms' },
    })
    const deprecated = { since: '2026-11', why: 'old' }
    const velocity = featureGroup('velocity', {
      ...{ ...described, source: all, entity: card, features: { tx_count: count().over('1h') } },
      ...{ deprecated, deprecatedFeatures: { tx_count: deprecated } },
    })
    const risk = featureService('risk', {
      ...{ ...described, event: all, features: [velocity], request: z.object({}), derive: {}, deprecated },
    })
    const problems = problemsOf({ all, card, velocity, risk })
    expect(problems.filter((problem) => problem.includes('option'))).toEqual([])
  })
})
