import { describe, expect, it } from 'vitest'
import { DefinitionError } from '../../src/features/problem.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import {
  changed,
  count,
  countDistinct,
  decayedCount,
  entity,
  eq,
  featureGroup,
  featureService,
  first,
  firstN,
  gt,
  inList,
  isNew,
  lastN,
  money,
  or,
  percentile,
  percentiles,
  rate,
  sum,
  topK,
  z,
  zScore,
} from '../../src/index.ts'
import { definitions, logins, payments, problemsOf, untyped } from './definition-kit.ts'

const card = entity('card', { key: { card_id: z.string() } })
const full = payments({
  card_id: z.string(),
  amount: money({ scale: 2 }),
  status: z.enum(['approved', 'declined']),
  note: z.string(),
  seen_at: z.iso.datetime(),
})

const outcomes = payments(
  { card_id: z.string(), v: z.int(), status: z.string() },
  { outcome: ['status'], version: 'v' },
)

function group(features: object, from: object = full, of: object = card) {
  return { group: featureGroup('velocity', untyped({ source: from, entity: of, features })) }
}

const velocity = group({ tx: count().over('1h') }).group as unknown as { pick(...names: string[]): never }

function service(options: object) {
  return { service: featureService('risk', untyped({ features: [velocity], ...options })) }
}

/** It cannot even be made a text. */
const NO_TEXT = Object.create(null)

const TEXTS = Array.from({ length: 16 }, (_, i) => `t${i}`)
const long = payments({ card_id: z.string(), ...Object.fromEntries(TEXTS.map((name) => [name, z.string()])) })
const distinctTexts = Object.fromEntries(TEXTS.map((name) => [`n_${name}`, countDistinct(long[name]!).over('1h')]))

/** What is wrong, the definitions, and what `check` says of them. */
const WRONG: readonly (readonly [wrong: string, exports: Record<string, unknown>, says: string | readonly string[]])[] =
  [
    [
      'a group with two underscores',
      {
        g: featureGroup(
          'card__velocity',
          untyped({ source: full, entity: card, features: { tx: count().over('1h') } }),
        ),
      },
      `defs.ts: group card__velocity: 'card__velocity' cannot be the name of a group; use small letters, digits and single underscores between them, beginning with a letter, as tx_count`,
    ],
    [
      'a name that is too long',
      { e: entity('x'.repeat(65), { key: { card_id: z.string() } }) },
      `defs.ts: entity xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: the name 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' has 65 characters; use at most 64`,
    ],
    [
      'an entity without a key',
      { e: entity('card', { key: {} }) },
      `defs.ts: entity card: its key has no parts; name at least one, as key: { card_id: z.string() }`,
    ],
    [
      'a key that is any number',
      { e: entity('card', { key: { card_id: z.number() } }) },
      `defs.ts: entity card: the key 'card_id' is z.number(), which can pass 2^53 and have decimals; write z.string(), or z.int() where it stays below 2^53`,
    ],
    [
      'a key that may be null',
      { e: entity('card', { key: { card_id: z.string().nullable() } }) },
      `defs.ts: entity card: the key 'card_id' may be null; leave .nullable() out here: events whose column is null belong to no entity`,
    ],
    [
      'a key that is an amount',
      { e: entity('card', { key: { card_id: money({ scale: 2 }) } }) },
      `defs.ts: entity card: the key 'card_id' is of type money; write z.string(), or z.int() where it stays below 2^53`,
    ],
    [
      'a key that the source lacks',
      group({ tx: count().over('1h') }, payments()),
      `defs.ts: group velocity: source payments has no column 'card_id' for the key of entity card; map it to one of id, at, as card.from({ card_id: 'column' })`,
    ],
    [
      'a key of another type than its column',
      group({ tx: count().over('1h') }, payments({ card_id: z.int() })),
      `defs.ts: group velocity: the key 'card_id' of entity card is of type string, but the column 'card_id' of payments is of type int; give both the same type`,
    ],
    [
      'a mapping of a key that is not there',
      group({ tx: count().over('1h') }, full, card.from(untyped({ pan: 'card_id' }))),
      `defs.ts: group velocity: entity card is mapped by 'pan', which is none of its keys; map its keys: card_id`,
    ],
    [
      'a key that is an outcome',
      group(
        { tx: count().over('1h') },
        payments({ card_id: z.string(), v: z.int() }, { outcome: ['card_id'], version: 'v' }),
      ),
      `defs.ts: group velocity: the key of entity card is the column 'card_id', an outcome: it is not known when the event is scored; take 'card_id' out of outcome`,
    ],
    [
      'a key that is a version',
      group(
        { tx: count().over('1h') },
        payments({ card_id: z.int() }, { version: 'card_id' }),
        entity('card', { key: { card_id: z.int() } }),
      ),
      `defs.ts: group velocity: the key of entity card is the column 'card_id', the version of an event: it is not known when the event is scored; map it to another column`,
    ],
    [
      'a map by an amount',
      group({ tx: count().per(full.amount!, { limit: 5 }).over('1h') }),
      `defs.ts: group velocity: the feature 'tx' is per amount, which is of type money; give it a column of type string, enum, bool, int`,
    ],
    [
      'a map of too many keys',
      group({ tx: count().per(full.status!, { limit: 1000 }).over('1h') }),
      `defs.ts: group velocity: the feature 'tx' is per status with a limit of 1000; use a whole number from 1 to 100, as .per(payments.status, { limit: 10 })`,
    ],
    [
      'a map without a limit',
      group({ tx: count().per(full.status!, untyped(undefined)).over('1h') }),
      `defs.ts: group velocity: the feature 'tx' is per status with a limit of undefined; use a whole number from 1 to 100, as .per(payments.status, { limit: 10 })`,
    ],
    [
      'a map by a column of another source',
      group({ tx: count().per(logins().id!, { limit: 5 }).over('1h') }),
      `defs.ts: group velocity: the feature 'tx' reads logins.id, but the source of its group is payments; use columns of payments, or make a group with source: logins`,
    ],
    [
      'a map of what is about one event alone',
      group({ tx: isNew(full.note!).per(full.status!, { limit: 5 }).over('1h') }),
      `defs.ts: group velocity: the feature 'tx' asks for isNew() per status, but it is about the event being scored alone; leave .per() out, or filter the others with .where()`,
    ],
    [
      'an outcome of the event being scored',
      group({ tx: changed(outcomes.status!).over('1h') }, outcomes),
      `defs.ts: group velocity: the feature 'tx' asks for changed() of status, an outcome: it is not known of the event being scored; give it a column that is known by then`,
    ],
    [
      'a service of no event that reads what is about one',
      {
        service: featureService(
          'risk',
          untyped({ features: [group({ fresh: isNew(full.note!).over('1h'), tx: count().over('1h') }).group] }),
        ),
      },
      `defs.ts: service risk: it reads velocity__fresh_1h, and isNew() is about an event of payments that is being scored, of which it has none; add event: payments, or pick other features of velocity`,
    ],
    [
      'a group without features',
      group({}),
      `defs.ts: group velocity: it has no features; name at least one, as tx_count: count().over('7d')`,
    ],
    [
      'a feature without a window',
      group({ tx: count() }),
      `defs.ts: group velocity: the feature 'tx' has no window; end it with .over('7d')`,
    ],
    [
      'a feature that is none',
      group({ tx: 7 }),
      `defs.ts: group velocity: the feature 'tx' is not a feature; write one as count().over('7d')`,
    ],
    [
      'a feature with capital letters',
      group({ TxCount: count().over('1h') }),
      `defs.ts: group velocity: 'TxCount' cannot be the name of a feature; use small letters, digits and single underscores between them, beginning with a letter, as tx_count`,
    ],
    [
      'a window in weeks',
      group({ tx: count().over(untyped('1w')) }),
      `defs.ts: group velocity: the feature 'tx' has the window '1w', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
    ],
    [
      'a window of more than 400 days',
      group({ tx: count().over(untyped('401d')) }),
      `defs.ts: group velocity: the feature 'tx' has the window '401d', which is too long; use '1s' to '400d'`,
    ],
    [
      'a window that is a number of milliseconds',
      group({ tx: count().over(untyped(3_600_000)) }),
      `defs.ts: group velocity: the feature 'tx' has the window 3600000, which is not a duration; write a whole number of s, m, h or d, as '7d'`,
    ],
    [
      'a window that is no text at all',
      group({ tx: count().over(untyped(Symbol('1h')), untyped(Object.create(null))) }),
      [
        `defs.ts: group velocity: the feature 'tx' has the window Symbol(1h), which is not a duration; write a whole number of s, m, h or d, as '7d'`,
        `defs.ts: group velocity: the feature 'tx' has the window an object, which is not a duration; write a whole number of s, m, h or d, as '7d'`,
      ],
    ],
    [
      'an outcome that is no list, beside a key',
      group({ tx: count().over('1h') }, payments({ card_id: z.string() }, { outcome: 7 })),
      [`defs.ts: source payments: outcome is not a list; write the names of columns, as outcome: ['status']`],
    ],
    [
      'a version that is a BigInt',
      { p: payments({}, { version: 10n }) },
      'defs.ts: source payments: version is 10n, which is no column; name one of id, at',
    ],
    [
      'a topic that is no text, of two sources that take kinds of it',
      Object.fromEntries(
        [payments, logins].map((make, i) => [i, make({}, { stream: { topic: NO_TEXT, where: { kind: 'a' } } })]),
      ),
      ['payments', 'logins'].map(
        (name) =>
          `defs.ts: source ${name}: stream.topic an object is not a name of a topic; use 1 to 249 letters, digits, dots, underscores and hyphens`,
      ),
    ],
    [
      'a pick that is no text',
      service({ features: [velocity.pick(untyped({ feature: 'tx_1h' }))] }),
      'defs.ts: service risk: it picks an object, which is no feature of velocity; pick some of tx_1h',
    ],
    [
      'a window named twice',
      group({ tx: count().over('1h', '1h') }),
      `defs.ts: group velocity: the feature 'tx' has the window '1h' twice; name it once`,
    ],
    [
      'a window under two names',
      group({ tx: count().over('24h', '1d') }),
      `defs.ts: group velocity: the feature 'tx' has the windows '24h' and '1d', which are the same; keep one of them`,
    ],
    [
      'an over() of nothing',
      group({ tx: (count().over as never as () => unknown)() }),
      `defs.ts: group velocity: the feature 'tx' has no window; name at least one, as .over('7d')`,
    ],
    [
      'a delay that is no duration',
      group({ tx: count().over('7d').delayed(untyped('soon')) }),
      `defs.ts: group velocity: the feature 'tx' is delayed by 'soon', which is not a duration; write a whole number of s, m, h or d, as '7d'`,
    ],
    [
      'two features served under one name',
      group({ tx: count().over('1h').delayed('7d'), tx_1h_delayed: count().over('7d') }),
      `defs.ts: group velocity: the features 'tx' and 'tx_1h_delayed' are both served as velocity__tx_1h_delayed_7d; rename one of them`,
    ],
    [
      'a sum of texts',
      group({ s: sum(untyped(full.status)).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for sum() of status, which is of type enum; give it a column of type int, money, double`,
    ],
    [
      'a filter over another source',
      group({
        s: count()
          .where(eq(logins({ ok: z.boolean() }).ok!, true))
          .over('7d'),
      }),
      `defs.ts: group velocity: the feature 's' reads logins.ok, but the source of its group is payments; use columns of payments, or make a group with source: logins`,
    ],
    [
      'a column that the source lacks',
      group({ s: sum(untyped(payments({ tip: money({ scale: 2 }) }).tip)).over('7d') }),
      `defs.ts: group velocity: the feature 's' reads payments.tip, which is no column; use one of id, at, card_id, amount, status, note, seen_at`,
    ],
    [
      'a list of nothing',
      group({ s: lastN(full.note!, 0).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for a list of 0 values; use a whole number from 1 to 1000`,
    ],
    [
      'a list that is too long',
      group({ s: lastN(full.note!, 1001).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for a list of 1001 values; use a whole number from 1 to 1000`,
    ],
    [
      'oldest values by halves',
      group({ s: firstN(full.note!, 1.5).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for a list of 1.5 values; use a whole number from 1 to 1000`,
    ],
    [
      'the most frequent of too many',
      group({ s: topK(full.note!, 1001).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for a list of 1001 values; use a whole number from 1 to 1000`,
    ],
    [
      'the lowest value as a percentile',
      group({ s: percentile(untyped(full.amount), 0).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for the percentile 0; use a number above 0 and up to 100, with at most 6 decimals`,
    ],
    [
      'a percentile that is a share',
      group({ s: percentile(untyped(full.amount), 100.5).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for the percentile 100.5; use a number above 0 and up to 100, with at most 6 decimals`,
    ],
    [
      'a percentile of seven decimals',
      group({ s: percentile(untyped(full.amount), 99.9999999).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for the percentile 99.9999999; use a number above 0 and up to 100, with at most 6 decimals`,
    ],
    [
      'no percentiles',
      group({ s: percentiles(untyped(full.amount), []).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for no percentiles; list 1 to 20 of them, as [50, 95, 99]`,
    ],
    [
      'too many percentiles',
      group({ s: percentiles(untyped(full.amount), Array(21).fill(50)).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for 21 percentiles; list 1 to 20 of them, as [50, 95, 99]`,
    ],
    [
      'one percentile as a list',
      group({ s: percentiles(untyped(full.amount), untyped(95)).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for 95 as percentiles; list 1 to 20 of them, as [50, 95, 99]`,
    ],
    [
      'a wrong percentile among others',
      group({ s: percentiles(untyped(full.amount), [50, -1]).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for the percentile -1; use a number above 0 and up to 100, with at most 6 decimals`,
    ],
    [
      'a half-life that is too long',
      group({ s: decayedCount('500d').over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for a half-life of 500d; use '1s' to '400d'`,
    ],
    [
      'a score of texts',
      group({ s: zScore(untyped(full.status)).over('7d') }),
      `defs.ts: group velocity: the feature 's' asks for zScore() of status, which is of type enum; give it a column of type int, money, double`,
    ],
    [
      'a value that the enum lacks',
      group({ s: count().where(eq(full.status!, 'denied')).over('7d') }),
      `defs.ts: group velocity: the feature 's' compares status with "denied", which is none of its values; write one of "approved", "declined"`,
    ],
    [
      'half a minor unit',
      group({ s: count().where(gt(full.amount!, 12.5)).over('7d') }),
      `defs.ts: group velocity: the feature 's' compares amount with 12.5, which is none of its values; write minor units: at scale 2, 100 is one whole unit`,
    ],
    [
      'a time without an offset',
      group({ s: count().where(gt(full.seen_at!, '2024-05-01')).over('7d') }),
      `defs.ts: group velocity: the feature 's' compares seen_at with "2024-05-01", which is none of its values; write a time of 2000 to 2100 in ISO 8601, as "2024-05-01T12:30:00Z"`,
    ],
    [
      'a number compared with a text',
      group({ s: count().where(eq(full.note!, 5)).over('7d') }),
      `defs.ts: group velocity: the feature 's' compares note with 5, which is none of its values; write a text`,
    ],
    [
      'an order of enum values',
      group({ s: rate(gt(full.status!, 'approved')).over('7d') }),
      `defs.ts: group velocity: the feature 's' compares status by gt(), but it is of type enum, which has no order; use eq(), ne() or inList()`,
    ],
    [
      'an inList() of nothing',
      group({ s: rate(inList(full.status!, [])).over('7d') }),
      `defs.ts: group velocity: the feature 's' has inList() of no values; give it at least one value`,
    ],
    [
      'an or() of nothing',
      group({ s: rate(or()).over('7d') }),
      `defs.ts: group velocity: the feature 's' has or() of nothing; give it at least one filter`,
    ],
    [
      'a list of epoch milliseconds',
      group(
        { s: first(payments({ at: z.int(), card_id: z.string() }).at!).over('7d') },
        payments({ at: z.int(), card_id: z.string() }),
      ),
      `defs.ts: group velocity: the feature 's' asks for first() of at, which is a number in the schema, but would be served as ISO 8601; use timeSinceLast(), or give the time as z.iso.datetime({ offset: true })`,
    ],
    [
      'rows that do not fit',
      group(distinctTexts, long),
      `defs.ts: source payments: a row of entity card can have 65630 bytes, but only 65535 fit: features read 16 columns of text; bound their texts by .max(n), at most 3 bytes a character: t0, t1, t2, t3, t4`,
    ],
    [
      'a service without features',
      { s: featureService('risk', { features: [] }) },
      `defs.ts: service risk: it reads no features; name a group, as features: [cardVelocity]`,
    ],
    [
      'a pick that is not there',
      service({ features: [velocity.pick('tx_2h')] }),
      `defs.ts: service risk: it picks 'tx_2h', which is no feature of velocity; pick some of tx_1h`,
    ],
    [
      'a pick of nothing',
      service({ features: [velocity.pick()] }),
      `defs.ts: service risk: it picks nothing of velocity; pick a feature, or name the whole group`,
    ],
    [
      'a feature read twice',
      service({ features: [velocity, velocity.pick('tx_1h')] }),
      `defs.ts: service risk: it reads velocity__tx_1h twice; name the group once, with all that is picked of it`,
    ],
    [
      'a derived value with a capital letter',
      service({ derive: { Amount: () => 1 } }),
      `defs.ts: service risk: 'Amount' cannot be the name of a derived value; use small letters, digits and single underscores between them, beginning with a letter, as tx_count`,
    ],
    [
      'a derived value called as a feature',
      service({ derive: { velocity__tx_1h: () => 1 } }),
      `defs.ts: service risk: the derived value 'velocity__tx_1h' has the name of a feature; give it another name`,
    ],
    [
      'a request that JSON cannot carry',
      service({ request: z.object({ at: z.date() }) }),
      `defs.ts: service risk: the request cannot be told in JSON: Date cannot be represented in JSON Schema; use types that JSON has, as z.string() or z.int()`,
    ],
    [
      'a key that the event has in another type',
      service({ event: logins({ card_id: z.int() }) }),
      `defs.ts: service risk: the key 'card_id' of entity card is of type string, but the event logins has a column of that name of type int; give both the same type, or rename one`,
    ],
    [
      'one key name of two types',
      service({
        features: [
          velocity,
          featureGroup(
            'other',
            untyped({
              source: logins({ card_id: z.int() }),
              entity: entity('plastic', { key: { card_id: z.int() } }),
              features: { tx: count().over('1h') },
            }),
          ),
        ],
      }),
      `defs.ts: service risk: keys.card_id would have to be of type string and of type int; rename the key of one of the entities`,
    ],
  ]

/** As untyped code picks. */
interface Picking {
  pick(...names: string[]): unknown
}

describe('wrong definitions', () => {
  it.each(WRONG)('%s', (_, exports, says) => {
    expect(problemsOf(exports)).toEqual([says].flat())
  })

  it.each<[feature: unknown, says: string]>([
    [
      count().over(untyped('7x')),
      "has the window '7x', which is not a duration; write a whole number of s, m, h or d, as '7d'",
    ],
    [count().over(untyped('500d')), "has the window '500d', which is too long; use '1s' to '400d'"],
    [
      count().over('7d').delayed(untyped('x')),
      "is delayed by 'x', which is not a duration; write a whole number of s, m, h or d, as '7d'",
    ],
    [count(), "has no window; end it with .over('7d')"],
    [7, "is not a feature; write one as count().over('7d')"],
  ])('of one feature are told where it is defined, and by nobody who picks it: %j', (feature, says) => {
    const velocity = featureGroup(
      'velocity',
      untyped({ source: full, entity: card, features: { tx: feature, spend: sum(full.amount!).over('1h') } }),
    )
    const picked = (velocity as Picking).pick('tx_7d', 'spend_1h', 'tx_7d_delayed_1d')
    const old = featureGroup(
      'old',
      untyped({
        ...{ source: full, entity: card, features: { tx: count().over('7d') } },
        deprecatedFeatures: { tx: { replacedBy: (velocity as Picking).pick('tx_7d') } },
      }),
    )
    const service = featureService('risk', untyped({ event: full, features: [picked] }))
    expect(problemsOf({ full, card, velocity, old, service })).toEqual([
      `defs.ts: group velocity: the feature 'tx' ${says}`,
    ])
    const wrong = featureService('risk', untyped({ event: full, features: [(velocity as Picking).pick('spend_2h')] }))
    expect(problemsOf({ full, card, velocity, wrong })).toHaveLength(2)
  })

  it('are thrown together, in one error', () => {
    const wrong = definitions({ a: payments({ born: z.bigint() }), b: entity('card', { key: {} }) })
    expect(() => resolveModel(wrong)).toThrow(DefinitionError)
    expect(() => resolveModel(wrong)).toThrow(
      'defs.ts: source payments: born is z.bigint(), which is not in JSON; write z.int() where it stays below 2^53, else z.string()\n' +
        'defs.ts: entity card: its key has no parts; name at least one, as key: { card_id: z.string() }',
    )
  })
})
