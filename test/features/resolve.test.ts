import { describe, expect, it } from 'vitest'
import { cardVelocity } from '../../feature-defs/card-velocity.ts'
import { checkoutRisk } from '../../feature-defs/checkout-risk.ts'
import { card } from '../../feature-defs/entities.ts'
import { merchantRisk } from '../../feature-defs/merchant-risk.ts'
import { payments as paid } from '../../feature-defs/payments.ts'
import { EventError } from '../../src/features/event-error.ts'
import { timelineFingerprint, writtenHash } from '../../src/features/fingerprint.ts'
import type { Model } from '../../src/features/model.ts'
import {
  count,
  countDistinct,
  entity,
  eq,
  featureGroup,
  featureService,
  gt,
  inList,
  money,
  not,
  sum,
  z,
} from '../../src/index.ts'
import { logins, modelOf, payments, untyped } from './definition-kit.ts'

const DAY_MS = 86_400_000

function group(name: string, source: object, of: object, features: object) {
  return featureGroup(name, untyped({ source, entity: of, features }))
}

describe('the model of the example', () => {
  const model = modelOf({ checkoutRisk })
  const service = model.services.get('checkout_risk')!

  it('has every definition that the service leads to', () => {
    expect([...model.sources.keys()]).toEqual(['payments'])
    expect([...model.entities.keys()].sort()).toEqual(['card', 'merchant'])
    expect([...model.groups.keys()].sort()).toEqual(['card_velocity', 'merchant_risk'])
    expect(model.groups.get('card_velocity')).toMatchObject({ owner: 'fraud-features', tags: ['card'] })
  })

  it('serves every feature once for each window', () => {
    expect([...model.features.keys()].filter((name) => name.includes('tx_count'))).toEqual([
      'card_velocity__tx_count_5m',
      'card_velocity__tx_count_1h',
      'card_velocity__tx_count_24h',
      'card_velocity__tx_count_7d',
      'card_velocity__tx_count_30d',
    ])
    expect(model.features.get('merchant_risk__fraud_rate_7d_delayed_7d')).toMatchObject({
      group: 'merchant_risk',
      feature: 'fraud_rate',
      window_ms: 7 * DAY_MS,
      delay_ms: 7 * DAY_MS,
      result: { kind: 'double', nullable: true, list: false },
      columns: [8],
    })
    expect(service.features.map(({ name }) => name)).toEqual([
      ...model.groups.get('card_velocity')!.features.map(({ name }) => name),
      'merchant_risk__fraud_rate_7d_delayed_7d',
    ])
  })

  it('keeps in a timeline what its features read, as long as its longest window with delay and lookback', () => {
    const { source, timelines } = { source: model.sources.get('payments')!, timelines: [...model.timelines.values()] }
    const kept = timelines.map(({ entity: of, columns, key, retention_ms }) => ({
      entity: of.name,
      key: key.map((column) => source.columns[column]!.name),
      columns: columns.map((column) => source.columns[column]!.name),
      days: retention_ms / DAY_MS,
    }))
    expect(kept).toEqual([
      { entity: 'card', key: ['card_id'], columns: ['merchant_id', 'amount', 'status'], days: 32 },
      { entity: 'merchant', key: ['merchant_id'], columns: ['fraud'], days: 39 },
    ])
    for (const { timeline } of model.features.values()) expect(model.timelines.get(timeline.fingerprint)).toBe(timeline)
  })

  it('looks the parts of a source up', () => {
    expect(model.sources.get('payments')).toMatchObject({
      id: 0,
      time: 1,
      version: 2,
      deleted: null,
      outcome: [7, 8],
      topic: 'payments.auth',
      streamed: true,
      archive: { table: 'payments_auth', lag_ms: null },
      precision: 'ms',
    })
  })

  it('takes the keys of a service from its event', () => {
    expect(service.keys).toEqual([])
    expect(service.timelines.map(({ key }) => key)).toEqual([
      [{ from: 'event', column: 3, name: 'card_id' }],
      [{ from: 'event', column: 4, name: 'merchant_id' }],
    ])
    expect(service.derive.map(({ name }) => name)).toEqual(['amount_vs_usual'])
  })
})

describe('keys of a service', () => {
  const account = entity('account', { key: { account_id: z.string() } })
  const moved = payments({ payer: z.string(), payee: z.string(), account_id: z.string() })
  const payers = group('payers', moved, account.from({ account_id: 'payer' }), { tx: count().over('1h') })
  const payees = group('payees', moved, account.from({ account_id: 'payee' }), { tx: count().over('1h') })
  const keysOf = (model: Model) => {
    const { timelines, keys } = model.services.get('risk')!
    return { parts: timelines.map(({ key }) => key), keys: keys.map(({ name }) => name) }
  }

  it('come from the columns that key the event itself, in both its roles', () => {
    const risk = featureService('risk', { event: untyped(moved), features: [payers, payees] })
    expect(keysOf(modelOf({ risk }))).toEqual({
      parts: [[{ from: 'event', column: 2, name: 'payer' }], [{ from: 'event', column: 3, name: 'payee' }]],
      keys: [],
    })
  })

  it('come for another source from the column of the same name', () => {
    const login = logins({ account_id: z.string().nullable() })
    const risk = featureService('risk', { event: untyped(login), features: [payers] })
    expect(keysOf(modelOf({ risk }))).toEqual({ parts: [[{ from: 'event', column: 2, name: 'account_id' }]], keys: [] })
  })

  it('come from the request where the event lacks them, or does not know them yet', () => {
    const unknown = logins({ account_id: z.string(), v: z.int() }, { outcome: ['account_id'], version: 'v' })
    const part = { from: 'keys', name: 'account_id', type: { kind: 'string', bytesMax: 4096 } }
    for (const event of [logins(), unknown, undefined]) {
      const risk = featureService('risk', untyped({ event, features: [payers, payees] }))
      expect(keysOf(modelOf({ risk }))).toEqual({ parts: [[part], [part]], keys: ['account_id'] })
    }
  })

  it('are parsed by the type and the checks of the entity', () => {
    const device = entity('device', { key: { device: z.uuid(), trusted: z.boolean() } })
    const { key } = modelOf({ device }).entities.get('device')!
    expect(key[1]!.parse(true)).toBe(true)
    const refusals = [() => key[0]!.parse('x'), () => key[0]!.parse(null), () => key[1]!.parse('true')].map((parse) => {
      try {
        return String(parse())
      } catch (error) {
        return error instanceof EventError ? [error.code, error.message] : error
      }
    })
    expect(refusals).toEqual([
      ['EVENT_VALUE', 'device: "x" is refused by the schema: Invalid UUID'],
      ['EVENT_MISSING', 'device is missing: the key needs a value'],
      ['EVENT_TYPE', 'trusted: "true" is not true or false'],
    ])
  })
})

describe('what is resolved', () => {
  it('has the times of filters in one form', () => {
    const source = payments({ card_id: z.string(), seen: z.iso.datetime(), amount: money({ scale: 2 }) })
    const where = not(inList(source.seen!, ['2024-05-01T02:00:00+02:00', '2024-05-01T00:00:00.1239Z']))
    const features = { a: count().where(gt(source.amount!, 100)).where(where).over('1h') }
    const [feature] = modelOf({ g: group('velocity', source, card, features) }).features.values()
    expect(feature!.spec.where).toMatchObject({
      op: 'and',
      filters: [
        { op: 'gt', value: 100 },
        { op: 'not', filter: { op: 'in', values: ['2024-05-01T00:00:00.000Z', '2024-05-01T00:00:00.123Z'] } },
      ],
    })
    const epoch = payments({ at: z.int(), card_id: z.string() })
    const after = {
      a: count()
        .where(gt(epoch.at!, Date.UTC(2024, 4, 1)))
        .over('1h'),
    }
    const [late] = modelOf({ g: group('velocity', epoch, card, after) }).features.values()
    expect(late!.spec.where).toMatchObject({ value: '2024-05-01T00:00:00.000Z' })
    expect(late!.timeline.source.columns[1]).toMatchObject({ type: { kind: 'time' }, epoch: true })
  })

  it('shares a timeline between groups of one source and key', () => {
    const source = payments({ card_id: z.string(), note: z.string(), amount: z.int() }, { lookback: '1d' })
    const notes = group('notes', source, card, { a: countDistinct(source.note!).over('30d').delayed('7d') })
    const sums = group('sums', source, card, { a: sum(untyped(source.amount)).over('1h') })
    const model = modelOf({ notes, sums })
    expect([...model.timelines.values()]).toMatchObject([{ columns: [3, 4], retention_ms: 38 * DAY_MS }])
    expect(model.groups.get('notes')!.timeline).toBe(model.groups.get('sums')!.timeline)
  })
})

describe('hashes', () => {
  it('name a timeline by what it is about, for ever', () => {
    const identity = { source: 'payments', entity: 'card', key: ['card_id'], id: 'id', time: 'occurred_at' }
    // A changed value would lose every stored timeline.
    expect(timelineFingerprint(identity)).toBe('cd85185e2c4b72d1')
    expect(modelOf({ cardVelocity }).groups.get('card_velocity')!.timeline.fingerprint).toBe(
      timelineFingerprint(identity),
    )
    const others = [
      { ...identity, source: 'logins' },
      { ...identity, entity: 'plastic' },
      { ...identity, key: ['card_id', 'merchant_id'] },
      { ...identity, key: ['merchant_id', 'card_id'] },
      { ...identity, id: 'uuid' },
      { ...identity, time: 'updated_at' },
    ].map(timelineFingerprint)
    expect(new Set([timelineFingerprint(identity), ...others]).size).toBe(others.length + 1)
  })

  const shape = { card_id: z.string(), note: z.string(), amount: z.int(), kind: z.enum(['a', 'b']) }
  const written = (
    columns: object,
    features: (source: ReturnType<typeof payments>) => object,
    options: object = {},
  ) => {
    const source = payments(untyped(columns), options)
    return writtenHash(modelOf({ g: group('velocity', source, card, features(source)) }))
  }
  const base = written(shape, ({ note }) => ({ a: countDistinct(note!).over('1h') }))

  it('say what is written, not who reads it nor in which order it is defined', () => {
    expect(written(shape, ({ note }) => ({ b: count().where(eq(note!, 'x')).over('7d') }))).toBe(base)
    const { amount, ...others } = shape
    expect(written({ amount, ...others }, ({ note }) => ({ a: countDistinct(note!).over('1h') }))).toBe(base)
    expect(writtenHash(modelOf({ cardVelocity, merchantRisk }))).toBe(
      writtenHash(modelOf({ merchantRisk, cardVelocity })),
    )
    expect(
      written({ ...shape, kind: z.enum(['b', 'a']) }, ({ note }) => ({ a: countDistinct(note!).over('1h') })),
    ).toBe(base)
  })

  it.each<[string, () => string]>([
    ['another column kept', () => written(shape, ({ amount }) => ({ a: countDistinct(amount!).over('1h') }))],
    ['no column kept', () => written(shape, () => ({ a: count().over('1h') }))],
    [
      'another column of the source',
      () => written({ ...shape, more: z.string() }, ({ note }) => ({ a: countDistinct(note!).over('1h') })),
    ],
    [
      'a column that may be null',
      () => written({ ...shape, amount: z.int().nullable() }, ({ note }) => ({ a: countDistinct(note!).over('1h') })),
    ],
    [
      'a new value of an enum',
      () =>
        written({ ...shape, kind: z.enum(['a', 'b', 'c']) }, ({ note }) => ({ a: countDistinct(note!).over('1h') })),
    ],
    [
      'another topic',
      () => written(shape, ({ note }) => ({ a: countDistinct(note!).over('1h') }), { stream: { topic: 't' } }),
    ],
    ['a version', () => written(shape, ({ note }) => ({ a: countDistinct(note!).over('1h') }), { version: 'amount' })],
    [
      'coarser times',
      () =>
        written(shape, ({ note }) => ({ a: countDistinct(note!).over('1h') }), {
          archive: { table: 't', precision: 's' },
        }),
    ],
  ])('differ with %s', (_, hash) => {
    expect(hash()).not.toBe(base)
  })

  const version = (options: object, features: object = { a: count().over('1h'), b: sum(paid.amount).over('1h') }) => {
    const velocity = group('velocity', paid, card, features)
    return modelOf({ risk: featureService('risk', untyped({ features: [velocity], ...options })) }).services.get(
      'risk',
    )!.version
  }

  it('give a service a version, of what its answers mean', () => {
    const given = version({ request: z.object({ a: z.int() }) })
    expect(version({ request: z.object({ a: z.int() }), description: 'x', owner: 'y' })).toBe(given)
    expect(
      version({ request: z.object({ a: z.int() }) }, { b: sum(paid.amount).over('1h'), a: count().over('1h') }),
    ).toBe(given)
    const others = [
      version({}),
      version({ request: z.object({ a: z.string() }) }),
      version({ event: paid, request: z.object({ a: z.int() }) }),
      version({ derive: { x: () => 1 }, request: z.object({ a: z.int() }) }),
      version({ request: z.object({ a: z.int() }) }, { a: count().over('1h') }),
      version(
        { request: z.object({ a: z.int() }) },
        { a: count().excludeCurrent().over('1h'), b: sum(paid.amount).over('1h') },
      ),
      version(
        { request: z.object({ a: z.int() }) },
        { a: count().where(eq(paid.fraud, true)).over('1h'), b: sum(paid.amount).over('1h') },
      ),
    ]
    expect(new Set([given, ...others]).size).toBe(others.length + 1)
  })
})
