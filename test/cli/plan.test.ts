import { describe, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import { featureParts } from '../../src/features/feature-parts.ts'
import { featureVersion } from '../../src/features/fingerprint.ts'
import { ENTITY_BYTES, estimateMemory, rowBytes } from '../../src/features/memory-estimate.ts'
import { type HeldTimeline, makePlan, type PlanBasis } from '../../src/features/plan.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { avg, count, entity, eq, featureGroup, featureService, lastN, money, source, sum, z } from '../../src/index.ts'
import { evolveTimeline } from '../../src/stores/timeline-registry.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    card: z.string(),
    amount: money({ scale: 2 }),
    shop: z.string().max(8),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: 'payments' },
  archive: { table: 'payments' },
})
const logins = source('logins', {
  schema: z.object({ id: z.string(), at: z.int(), card: z.string() }),
  id: 'id',
  time: 'at',
  stream: { topic: 'logins' },
})
const card = entity('card', { key: { card: z.string() } })

const features = {
  n: count().over('7d'),
  total: sum(payments.amount).over('7d'),
}

function modelOf(of: Parameters<typeof featureGroup>[1]['features'] = features) {
  const group = featureGroup('spending', { source: payments, entity: card, features: of } as never)
  const service = featureService('profile', { features: [group] } as never)
  return resolveModel(collect([{ file: 'a.ts', exports: { group, service } }]))
}

const basisOf = (basis: Partial<PlanBasis>): PlanBasis => ({
  live: { features: {}, services: {}, parts: {} },
  timelines: [],
  stats: new Map(),
  clock: 'wall',
  now_ms: NOW,
  ...basis,
})

/** What the store holds of a model that was back-filled, since when. */
function held(
  model: ReturnType<typeof modelOf>,
  since_ms: number | null,
  reason: string | null = null,
): HeldTimeline[] {
  return [...model.timelines.values()].map((timeline) => {
    const record = evolveTimeline(null, timeline, {}, NOW)
    const columns = Object.fromEntries(record.schemas.columns.map((_, i) => [i, since_ms ?? 0]))
    return { ...record, coverage: { since_ms, columns: since_ms === null ? {} : columns, reason } }
  })
}

describe('what definitions change', () => {
  it('all is new at first', () => {
    const model = modelOf()
    const plan = makePlan(model, basisOf({}))
    expect(plan.features).toEqual({
      added: ['spending__n_7d', 'spending__total_7d'],
      changed: [],
      removed: [],
      kept: 0,
    })
    expect(plan.services).toEqual({ added: ['profile'], changed: [], removed: [], kept: [] })
    expect(plan.timelines).toMatchObject([
      {
        source: 'payments',
        entity: 'card',
        groups: ['spending'],
        columns: ['amount'],
        added_columns: ['amount'],
        memory: null,
      },
    ])
    expect(plan).toMatchObject({ unused: [], bytes: null })
  })

  it('features and services that come, change, go and stay', () => {
    const before = modelOf()
    const services = { profile: before.services.get('profile')!.version, old: 'v1' }
    const versions = [...before.features.values()].map((feature) => [feature.name, featureVersion(feature)])
    const live = {
      features: { ...Object.fromEntries(versions), spending__n_7d: 'v1', spending__gone_7d: 'v1' },
      services,
      parts: {},
    }
    expect(makePlan(before, basisOf({ live })).services).toEqual({
      added: [],
      changed: [],
      removed: ['old'],
      kept: ['profile'],
    })
    const after = modelOf({ ...features, mean: avg(payments.amount).over('1d') })
    const plan = makePlan(after, basisOf({ live }))
    expect(plan.features).toEqual({
      added: ['spending__mean_1d'],
      changed: [{ name: 'spending__n_7d', why: ['what it was before is not noted'] }],
      removed: ['spending__gone_7d'],
      kept: 1,
    })
    const to = after.services.get('profile')!.version
    expect(plan.services.changed).toEqual([{ name: 'profile', from: services.profile, to }])
  })

  it('says what of a feature changed', () => {
    const euros = (scale: number, version: number, more: object = {}) =>
      source('payments', {
        schema: z.object({
          ...{ id: z.string(), at: z.int(), card: z.string(), shop: z.string().max(8), payer: z.string() },
          ...{ amount: money({ scale }), status: z.enum(['a', 'b']) },
          ...more,
        }),
        ...{ id: 'id', time: 'at', stream: { topic: 'payments' } },
        compute: { big: { version, type: z.boolean(), of: ({ amount }) => amount > 7 } },
      })
    type Payments = ReturnType<typeof euros>
    const modelWith = (paid: Payments, feature: object, about: unknown = card) =>
      resolveModel(
        collect([
          {
            file: 'a.ts',
            exports: {
              g: featureGroup('g', {
                ...{ source: paid, entity: about, features: { f: feature } },
              } as never),
            },
          },
        ]),
      )
    const paid = euros(2, 1)
    const plain = sum(paid.amount).over('7d')
    const cases: [before: ReturnType<typeof modelWith>, after: ReturnType<typeof modelWith>, why: string[]][] = [
      [
        modelWith(paid, plain),
        modelWith(paid, sum(paid.amount).where(eq(paid.status, 'a')).over('7d')),
        ['filter: none becomes eq(status, "a")', 'type of status: none becomes enum of a, b'],
      ],
      [modelWith(paid, plain), modelWith(paid, avg(paid.amount).over('7d')), ['aggregate: sum() becomes avg()']],
      [
        modelWith(paid, lastN(paid.shop, 3).over('7d')),
        modelWith(paid, lastN(paid.shop, 4).excludeCurrent().over('7d')),
        ['parameters: n 3 becomes n 4', 'event being scored: none becomes left out'],
      ],
      [
        modelWith(paid, plain),
        modelWith(euros(3, 1), sum(euros(3, 1).amount).over('7d')),
        ['type of amount: money at scale 2 becomes money at scale 3'],
      ],
      [
        modelWith(paid, count().where(eq(paid.big, true)).over('7d')),
        modelWith(
          euros(2, 2),
          count()
            .where(eq(euros(2, 2).big, true))
            .over('7d'),
        ),
        ['version of compute.big: 1 becomes 2'],
      ],
      [
        modelWith(paid, plain),
        modelWith(paid, plain, entity('card', { key: { payer: z.string() } })),
        ['key columns: card becomes payer'],
      ],
      [
        modelWith(paid, count().where(eq(paid.status, 'a')).over('7d')),
        modelWith(
          euros(2, 1, { status: z.enum(['a', 'b', 'c']).nullable() }),
          count().where(eq(paid.status, 'a')).over('7d'),
        ),
        ['type of status: enum of a, b becomes enum of a, b, c, or null'],
      ],
    ]
    for (const [before, after, why] of cases) {
      const versions = [...before.features.values()].map((one) => [one.name, featureVersion(one)])
      const parts = [...before.features.values()].map((one) => [one.name, featureParts(one)])
      const live = { features: Object.fromEntries(versions), services: {}, parts: Object.fromEntries(parts) }
      expect(makePlan(after, basisOf({ live })).features).toMatchObject({
        ...{ added: [], removed: [], kept: 0 },
        changed: [{ name: 'g__f_7d', why }],
      })
      expect(makePlan(before, basisOf({ live })).features).toMatchObject({ changed: [], kept: 1 })
    }
  })

  it('timelines that nothing reads any more', () => {
    const [timeline] = held(modelOf(), 0)
    const unused = { ...timeline!, fingerprint: 'other', entity: 'device' }
    expect(makePlan(modelOf(), basisOf({ timelines: [unused] })).unused).toEqual([
      { fingerprint: 'other', source: 'payments', entity: 'device' },
    ])
  })
})

describe('which timelines need a backfill, and why', () => {
  const wider = modelOf({ n: count().over('30d'), total: sum(payments.amount).over('30d') })
  it.each<[string, ReturnType<typeof modelOf>, Partial<PlanBasis>, boolean, string]>([
    ['a new one', modelOf(), {}, true, 'backfill: it is new'],
    [
      'one that holds all',
      modelOf(),
      { timelines: held(modelOf(), NOW - 9 * DAY) },
      false,
      'no backfill: the columns are kept',
    ],
    [
      'another feature over the columns that it holds',
      modelOf({ mean: avg(payments.amount).over('3d') }),
      { timelines: held(modelOf(), NOW - 9 * DAY) },
      false,
      'no backfill: the columns are kept',
    ],
    [
      'one that holds less than its lookback',
      modelOf(),
      { timelines: held(modelOf(), NOW - 8 * DAY) },
      false,
      'no backfill: the columns are kept; values of the past are exact since 2025-12-31T00:00:00.000Z only: ' +
        'millrace backfill spending reaches back for all of the lookback',
    ],
    [
      'the same under the clock of history, which looks back without end',
      modelOf(),
      { timelines: held(modelOf(), 0), clock: 'history' },
      false,
      'no backfill: the columns are kept',
    ],
    [
      'a new column',
      modelOf({ ...features, shops: lastN(payments.shop, 3).over('7d') }),
      { timelines: held(modelOf(), NOW - 9 * DAY) },
      true,
      'backfill: the column shop is not kept yet',
    ],
    [
      'a plain count, which reads no column',
      modelOf({ n: count().over('7d') }),
      { timelines: held(modelOf({ n: count().over('7d') }), 0) },
      false,
      'no backfill: it keeps no columns',
    ],
    [
      'longer windows than it is complete for',
      wider,
      { timelines: held(modelOf(), NOW - 9 * DAY) },
      true,
      'backfill: its windows reach back 30d, and it is complete since 2025-12-23T00:00:00.000Z only',
    ],
    [
      'longer windows that it is complete for',
      wider,
      { timelines: held(modelOf(), 0) },
      false,
      'no backfill: the columns are kept',
    ],
    [
      'one that is complete for a while only, under the clock of history',
      modelOf(),
      { timelines: held(modelOf(), NOW - 9 * DAY), clock: 'history' },
      true,
      'backfill: it is complete since 2025-12-23T00:00:00.000Z only',
    ],
    [
      'one that was never filled',
      modelOf(),
      { timelines: held(modelOf(), null, 'it is new: a backfill is due') },
      true,
      'backfill: it is new',
    ],
    [
      'one that lost what it had',
      modelOf(),
      { timelines: held(modelOf(), null, 'the log lost messages') },
      true,
      'backfill: the log lost messages',
    ],
    [
      'one that was pruned further than its windows reach now',
      modelOf(),
      { timelines: held(modelOf(), 0).map((one) => ({ ...one, pruned_ms: NOW - 2 * DAY })) },
      true,
      'backfill: its windows reach back 7d, and it is complete since 2025-12-30T00:00:00.000Z only',
    ],
  ])('%s', (_, model, basis, due, why) => {
    expect(makePlan(model, basisOf(basis)).timelines.map(({ backfill }) => backfill)).toEqual([{ due, why }])
  })

  it('none for a source without an archive', () => {
    const group = featureGroup('seen', { source: logins, entity: card, features: { n: count().over('1d') } })
    const model = resolveModel(collect([{ file: 'a.ts', exports: { group } }]))
    expect(makePlan(model, basisOf({})).timelines[0]!.backfill).toEqual({
      due: false,
      why: 'no backfill: logins has no archive, so it fills as events arrive',
    })
  })
})

describe('memory', () => {
  it('counts the bytes of a row as the codec writes it, a text as 16 bytes or its limit', () => {
    const [timeline] = held(modelOf({ ...features, shops: lastN(payments.shop, 3).over('7d') }), 0)
    // Header, one byte of null flags, the amount, the text's slot and its at most 8 characters of 4 bytes, taken as 16.
    expect(rowBytes(timeline!.schemas, false)).toBe(20 + 1 + 8 + 4 + 16)
    expect(rowBytes(timeline!.schemas, true)).toBe(20 + 8 + 1 + 8 + 4 + 16)
    expect(rowBytes(held(modelOf({ n: count().over('7d') }), 0)[0]!.schemas, false)).toBe(20)
  })

  it('is events a second x retention x bytes a row + entities x bytes an entity', () => {
    const stats = { rows: 86_400, keys: 10, time_ms_min: NOW - DAY, time_ms_max: NOW }
    expect(estimateMemory(stats, 10 * DAY, 50)).toEqual({
      events_per_second: 1,
      retention_ms: 10 * DAY,
      rows: 864_000,
      row_bytes: 50,
      entities: 10,
      entity_bytes: ENTITY_BYTES,
      bytes: 864_000 * 50 + 10 * ENTITY_BYTES,
    })
  })

  it.each([
    [
      'nothing is pruned under the clock of history',
      { rows: 86_400, keys: 1, time_ms_min: NOW - DAY, time_ms_max: NOW },
      null,
      86_400,
    ],
    ['one instant tells no rate', { rows: 5, keys: 1, time_ms_min: NOW, time_ms_max: NOW }, DAY, 5],
    [
      'never less than what is there',
      { rows: 1_000, keys: 1, time_ms_min: NOW - 9 * DAY, time_ms_max: NOW },
      DAY,
      1_000,
    ],
  ])('%s', (_, stats, retention_ms, rows) => {
    expect(estimateMemory(stats, retention_ms, 50).rows).toBe(rows)
  })

  it('of a plan is that of its timelines of which it can be told', () => {
    const model = modelOf()
    const [fingerprint] = model.timelines.keys()
    const stats = new Map([[fingerprint!, { rows: 777_600, keys: 10, time_ms_min: NOW - 9 * DAY, time_ms_max: NOW }]])
    const plan = makePlan(model, basisOf({ stats }))
    // 7 days of windows and 2 of lookback.
    expect(plan.timelines[0]!.memory).toMatchObject({
      events_per_second: 1,
      retention_ms: 9 * DAY,
      rows: 777_600,
      row_bytes: 29,
    })
    expect(plan.bytes).toBe(777_600 * 29 + 10 * ENTITY_BYTES)
  })
})
