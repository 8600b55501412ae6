import { describe, expect, it } from 'vitest'
import { count, entity, featureGroup, featureService, money, sum, z } from '../../src/index.ts'
import { modelOf, payments, problemsOf, untyped } from './definition-kit.ts'

const card = entity('card', { key: { card_id: z.string() } })
const pay = payments({ card_id: z.string(), amount: money({ scale: 2 }) })

const features = {
  tx_count: count().describe('All payments of the card').over('1h', '7d'),
  payments: count().over('7d', '30d'),
  late: count().over('7d').delayed('7d'),
  spend: sum(untyped(pay.amount)).over('7d'),
}

function group(name: string, options: object) {
  return featureGroup(name, untyped({ source: pay, entity: card, features, ...options })) as unknown as {
    pick(...names: string[]): never
  }
}

function service(name: string, options: object) {
  return featureService(name, untyped(options))
}

describe('what is deprecated', () => {
  const spending = group('spending', {})
  const velocity = group('velocity', {
    deprecatedFeatures: {
      tx_count: { replacedBy: 'payments', since: '2026-11', why: 'refunds were counted' },
      spend: { replacedBy: spending.pick('spend_7d', 'late_7d_delayed_7d') },
      late: { why: 'no model reads it' },
    },
  })
  const old = group('old', { deprecated: { replacedBy: spending, since: '2026-11-23' } })
  const newer = service('newer', { features: [spending] })

  it('says by what it is replaced: at the same window, where there is one', () => {
    const model = modelOf({
      velocity,
      old,
      last: service('last', { features: [old], deprecated: { replacedBy: newer } }),
    })
    const said = (name: string) => model.features.get(name)!.deprecated
    expect(said('velocity__tx_count_7d')).toEqual({
      replacedBy: ['velocity__payments_7d'],
      since: '2026-11',
      why: 'refunds were counted',
    })
    expect(said('velocity__tx_count_1h')!.replacedBy).toEqual(['velocity__payments_7d', 'velocity__payments_30d'])
    expect(said('velocity__spend_7d')!.replacedBy).toEqual(['spending__spend_7d'])
    expect(said('velocity__late_7d_delayed_7d')).toEqual({ replacedBy: [], since: null, why: 'no model reads it' })
    expect(said('velocity__payments_7d')).toBeNull()
    expect(said('old__late_7d_delayed_7d')).toEqual({
      replacedBy: ['spending__late_7d_delayed_7d'],
      since: '2026-11-23',
      why: null,
    })
    expect(model.groups.get('old')!.deprecated).toEqual({ replacedBy: ['spending'], since: '2026-11-23', why: null })
    expect(model.services.get('last')!.deprecated).toEqual({ replacedBy: ['newer'], since: null, why: null })
  })

  it('brings its replacement along, be it exported or not', () => {
    const model = modelOf({
      velocity,
      last: service('last', { features: [velocity], deprecated: { replacedBy: newer } }),
    })
    expect([...model.groups.keys()]).toEqual(['velocity', 'spending'])
    expect([...model.services.keys()]).toEqual(['last', 'newer'])
  })

  it('changes no value: versions stay', () => {
    const plain = modelOf({ s: service('s', { features: [group('velocity', {})] }) })
    const marked = modelOf({ s: service('s', { features: [velocity] }) })
    expect(marked.services.get('s')!.version).toBe(plain.services.get('s')!.version)
  })

  it('is told of to services that read it, unless they are deprecated themselves', () => {
    const reads = [velocity.pick('tx_count_7d', 'payments_7d'), old]
    const warnings = [
      `defs.ts: service risk: it reads velocity__tx_count_7d, which is deprecated since 2026-11: read velocity__payments_7d instead; refunds were counted; take it out of the picks`,
      `defs.ts: service risk: it reads group old, which is deprecated since 2026-11-23: read spending instead; take it out of features`,
    ]
    expect(problemsOf({ risk: service('risk', { features: reads }) })).toEqual(warnings)
    expect(problemsOf({ risk: service('risk', { features: [velocity] }) })).toHaveLength(4)
    expect(problemsOf({ risk: service('risk', { features: reads, deprecated: { replacedBy: newer } }) })).toEqual([])
  })
})

describe('a description of a feature', () => {
  it('goes with its windows, and through the rest of the chain', () => {
    const model = modelOf({ velocity: group('velocity', {}) })
    expect(model.features.get('velocity__tx_count_1h')!.spec.description).toBe('All payments of the card')
    expect(model.features.get('velocity__payments_7d')!.spec.description).toBeUndefined()
    const chained = count().describe('Once').excludeCurrent().over('7d').delayed('1d')
    expect(chained.spec).toMatchObject({ description: 'Once', excludeCurrent: true, delay: '1d' })
  })
})

describe('what is wrong with it', () => {
  const other = group('other', { deprecated: { why: 'gone soon' } })
  const WRONG: [wrong: string, exports: () => object, says: string][] = [
    [
      'a feature that is not there',
      () => ({ deprecatedFeatures: { tx_cnt: { replacedBy: 'payments' } } }),
      `deprecatedFeatures names 'tx_cnt', which is no feature of the group; name one of tx_count, payments, late, spend`,
    ],
    [
      'a replacement that is not there',
      () => ({ deprecatedFeatures: { tx_count: { replacedBy: 'payment' } } }),
      `deprecatedFeatures.tx_count.replacedBy is 'payment', no feature of the group; name one of payments, late, spend`,
    ],
    [
      'itself for a replacement',
      () => ({ deprecatedFeatures: { tx_count: { replacedBy: 'tx_count' } } }),
      `deprecatedFeatures.tx_count.replacedBy is 'tx_count', the feature itself; name one of payments, late, spend`,
    ],
    [
      'a pick that is not there',
      () => ({ deprecatedFeatures: { tx_count: { replacedBy: group('g', {}).pick('x_7d') } } }),
      `deprecatedFeatures.tx_count.replacedBy picks 'x_7d', which is no feature of g; pick some of tx_count_1h, tx_count_7d, payments_7d, payments_30d, late_7d_delayed_7d, spend_7d`,
    ],
    [
      'a replacement that is deprecated, too',
      () => ({ deprecatedFeatures: { tx_count: { replacedBy: 'late' }, late: { why: 'wrong' } } }),
      `'tx_count' is replaced by 'late', which is deprecated itself; name what replaces that one`,
    ],
    [
      'a group that is deprecated, too',
      () => ({ deprecated: { replacedBy: other } }),
      'it is replaced by other, which is deprecated itself; name what replaces that one',
    ],
    [
      'neither a replacement nor a reason',
      () => ({ deprecated: { since: '2026-11' } }),
      `deprecated says neither what to read instead nor why; add replacedBy, or why: 'no model reads it'`,
    ],
    [
      'a day that is none',
      () => ({ deprecated: { since: 'November', why: 'wrong' } }),
      `deprecated.since is "November"; write a month or a day, as '2026-11'`,
    ],
    [
      'a reason that is no text',
      () => ({ deprecated: { why: 7 } }),
      `deprecated.why is not a text; write it in quotes, as why: 'counts refunds too'`,
    ],
  ]
  it.each(WRONG)('%s', (_, options, says) => {
    expect(problemsOf({ velocity: group('velocity', options()) })).toEqual([`defs.ts: group velocity: ${says}`])
  })

  it.each<[string, () => unknown, string]>([
    [
      'no object',
      () => group('g', { deprecated: 'yes' }),
      `featureGroup 'g': deprecated needs an object, as { since: '2026-11', why: 'no model reads it' }`,
    ],
    [
      'a name for a group',
      () => group('g', { deprecated: { replacedBy: 'other' } }),
      `featureGroup 'g': deprecated.replacedBy must be a feature group, as replacedBy: cardSpending`,
    ],
    [
      'a group for a feature',
      () => group('g', { deprecatedFeatures: { spend: { replacedBy: other } } }),
      `featureGroup 'g': deprecatedFeatures.spend.replacedBy must be the name of a feature of this group, or features of another, as cardSpending.pick('tx_count_7d')`,
    ],
    [
      'a list of features',
      () => group('g', { deprecatedFeatures: 'tx_count' }),
      `featureGroup 'g': deprecatedFeatures needs an object, as { tx_count: { replacedBy: 'payments' } }`,
    ],
    [
      'a group for a service',
      () => service('s', { features: [other], deprecated: { replacedBy: other } }),
      `featureService 's': deprecated.replacedBy must be a feature service, as replacedBy: checkoutRiskV2`,
    ],
    [
      'a description that is no text',
      () => count().describe(7 as never),
      `describe() needs a text, as describe('Payments of the card')`,
    ],
  ])('is refused at once: %s', (_, define, message) => {
    expect(define).toThrow(new TypeError(message))
  })
})
