import { describe, expect, it } from 'vitest'
import { changed, count, entity, featureGroup, featureService, sum, z } from '../../src/index.ts'
import { logins, modelOf, payments, problemsOf, untyped } from './definition-kit.ts'

const transfers = payments(
  { payer: z.string(), payee: z.string(), amount: z.int(), settled_by: z.string().optional(), seq: z.int() },
  { outcome: ['settled_by'], version: 'seq' },
)
const account = entity('account', { key: { account_id: z.string() } })
const features = { tx_count: count().over('24h', '7d'), spend: sum(untyped(transfers.amount)).over('7d') }
const sent = featureGroup('sent', {
  source: untyped(transfers),
  entity: untyped(account.from({ account_id: 'payer' })),
  features,
})
const received = featureGroup('received', {
  source: untyped(transfers),
  entity: untyped(account.from({ account_id: 'payee' })),
  features,
})

type Role = (name: unknown, keys: unknown) => { pick(...names: string[]): unknown }
const as = (group: unknown) => (group as { as: Role }).as
const service = (list: readonly unknown[], options: object = { event: transfers }) =>
  featureService('s', untyped({ features: list, ...options }))

/** What is wrong, the features of a service of transfers, and what `check` says. */
const WRONG: readonly (readonly [wrong: string, features: readonly unknown[], says: readonly string[]])[] = [
  [
    'a name that is none',
    [as(sent)('The Payee', { account_id: 'payee' })],
    [
      "'The Payee' cannot be the name of a role; use small letters, digits and single underscores between them, beginning with a letter, as tx_count",
    ],
  ],
  [
    'the name of a group',
    [received, as(sent)('received', { account_id: 'payee' }).pick('tx_count_7d')],
    [
      'it reads received__tx_count_7d twice; name the group once, with all that is picked of it',
      "role 'received' of sent has the name of a group; give it another name",
    ],
  ],
  [
    'one name for two groups',
    [
      as(sent)('payee', { account_id: 'payee' }).pick('tx_count_7d'),
      as(received)('payee', { account_id: 'payee' }).pick('tx_count_24h'),
    ],
    [
      "role 'payee' is of received here, and of sent elsewhere, but its features would have the same names; give one of them another name",
    ],
  ],
  [
    'the same twice',
    [as(sent)('payee', { account_id: 'payee' }), as(sent)('payee', { account_id: 'other' }).pick('tx_count_7d')],
    ['it reads payee__tx_count_7d twice; name the group once, with all that is picked of it'],
  ],
  [
    'no key',
    [as(sent)('payee', {})],
    [
      "role 'payee' of sent maps no key, so it is about the same account; map one, as sent.as('payee', { account_id: 'column' })",
    ],
  ],
  [
    'a key that the entity does not have',
    [as(sent)('payee', { account: 'payee' })],
    ["role 'payee' of sent maps 'account', which is no key of entity account; map some of account_id"],
  ],
  [
    'a key mapped to no name',
    [as(sent)('payee', { account_id: 1 })],
    ["role 'payee' of sent maps 'account_id' to 1; map it to a name, as sent.as('payee', { account_id: 'column' })"],
  ],
  [
    'a key mapped to what cannot be one',
    [as(sent)('payee', { account_id: 'the payee' })],
    [
      "'the payee' cannot be the name of a key; use letters, digits and underscores, beginning with a letter (names that begin with _ are reserved)",
    ],
  ],
  [
    'an outcome as key',
    [as(sent)('settler', { account_id: 'settled_by' })],
    [
      "role 'settler' of sent takes 'account_id' from the column 'settled_by' of payments, an outcome: it is not known while the event is scored; map it to another column, or take 'settled_by' out of outcome",
    ],
  ],
  [
    'a column of another type',
    [as(sent)('amount', { account_id: 'amount' })],
    [
      "the key 'account_id' of entity account is of type string, but role 'amount' takes it from the column 'amount' of payments, of type int; map it to a column of the same type",
    ],
  ],
  [
    'a feature that is none',
    [as(sent)('payee', { account_id: 'payee' }).pick('tx_count_9d')],
    ["it picks 'tx_count_9d', which is no feature of sent; pick some of tx_count_24h, tx_count_7d, spend_7d"],
  ],
]

describe('a wrong role is refused', () => {
  it.each(WRONG)('%s', (_, list, says) => {
    const found = problemsOf({ s: service(list), received, sent })
    expect(found.map((problem) => problem.replace('defs.ts: service s: ', ''))).toEqual(says)
  })

  it('of features that compare the event being scored, which is none of the role', () => {
    const group = featureGroup('sent', {
      source: untyped(transfers),
      entity: untyped(account.from({ account_id: 'payer' })),
      features: { other_payee: changed(untyped(transfers.payee)).over('7d'), tx_count: count().over('7d') },
    })
    const role = as(group)('payee', { account_id: 'payee' })
    expect(problemsOf({ s: service([group, role]) })).toEqual([
      'defs.ts: service s: it reads payee__other_payee_7d, and changed() is about an event of payments that is being scored, which is none of the payee; pick other features of sent',
    ])
    expect(problemsOf({ s: service([group, role.pick('tx_count_7d')]) })).toEqual([])
  })

  it('two keys of one name and of two types', () => {
    const device = entity('device', { key: { device_id: z.int() } })
    const seen = featureGroup('seen', {
      source: untyped(logins({ device_id: z.int() })),
      entity: untyped(device),
      features: { count: count().over('7d') },
    })
    const list = [as(sent)('payee', { account_id: 'it' }), as(seen)('it', { device_id: 'it' })]
    expect(problemsOf({ s: service(list, {}) })).toEqual([
      'defs.ts: service s: keys.it would have to be of type string and of type int; rename the key of one of the entities',
    ])
  })

  it('what is no role at all', () => {
    expect(() => as(sent)(undefined, {})).toThrow(
      "featureGroup 'sent', as() needs the name of the role first, as as('payee', { ... })",
    )
    expect(() => as(sent)('payee', undefined)).toThrow(
      "featureGroup 'sent', as() needs the keys of the role, as as('payee', { account_id: 'payee_id' })",
    )
  })
})

describe('a role', () => {
  const payee = as(sent)('payee', { account_id: 'payee' })
  const first = (model: ReturnType<typeof modelOf>) => model.services.get('s')!

  it('is a read of the very timeline, and one for all views of the same keys', () => {
    const model = modelOf({
      s: service([
        sent,
        payee,
        as(sent)('payer_too', { account_id: 'payer' }),
        as(received)('payer_received', { account_id: 'payer' }).pick('tx_count_7d'),
        as(sent)('friend', { account_id: 'friend_id' }).pick('spend_7d'),
      ]),
    })
    const { timelines, features, keys } = first(model)
    const names = timelines.map(({ timeline, key, slots }) => [
      [...model.groups.values()].find((group) => group.timeline === timeline)!.name,
      key.map(({ from, name }) => `${from}.${name}`).join(),
      slots.map((slot) => features[slot]!.name).join(' '),
    ])
    expect(names).toEqual([
      [
        'sent',
        'event.payer',
        'sent__tx_count_24h sent__tx_count_7d sent__spend_7d payer_too__tx_count_24h payer_too__tx_count_7d payer_too__spend_7d',
      ],
      ['sent', 'event.payee', 'payee__tx_count_24h payee__tx_count_7d payee__spend_7d'],
      ['received', 'event.payer', 'payer_received__tx_count_7d'],
      ['sent', 'keys.friend_id', 'friend__spend_7d'],
    ])
    expect(keys.map(({ name }) => name)).toEqual(['friend_id'])
    expect(model.timelines.size).toBe(2)
    expect(model.features.get('payee__spend_7d')).toMatchObject({ group: 'sent', role: 'payee', feature: 'spend' })
    expect(model.features.get('sent__spend_7d')).toMatchObject({ group: 'sent', role: null, feature: 'spend' })
  })

  it('decides the version of its service, which is as it was without one', () => {
    const version = (list: readonly unknown[]) => first(modelOf({ s: service(list) })).version
    const plain = version([sent])
    const versions = [
      plain,
      version([sent, payee]),
      version([sent, as(sent)('payee', { account_id: 'other' })]),
      version([sent, as(sent)('other', { account_id: 'payee' })]),
    ]
    expect(new Set(versions).size).toBe(4)
    expect(version([sent])).toBe(plain)
  })
})
