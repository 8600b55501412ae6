import { describe, expect, it } from 'vitest'
import {
  avg,
  changed,
  count,
  countDistinct,
  decayedSum,
  distinctRatio,
  entity,
  entropy,
  featureGroup,
  featureService,
  isNew,
  last,
  max,
  median,
  money,
  percentiles,
  source,
  stddev,
  sum,
  topK,
  trend,
  variance,
  z,
  zScore,
} from '../../src/index.ts'
import { featureHealth } from '../../src/serving/feature-health.ts'
import { catalogue } from '../../src/serving/http/catalogue.ts'
import { IN_PLACE } from '../../src/serving/http/json-schema.ts'
import { answerSchema } from '../../src/serving/http/service-schemas.ts'
import { evolveTimeline, type TimelineRecord } from '../../src/stores/timeline-registry.ts'
import { modelOf } from '../features/definition-kit.ts'

const NOW = Date.UTC(2026, 10, 23)
const DAY = 86_400_000

const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), amount: money({ scale: 2 }), note: z.string() }),
  id: 'id',
  time: 'at',
  stream: { topic: 'payments' },
})
const card = entity('card', { key: { card_id: z.string() } })
const spending = featureGroup('spending', {
  source: payments,
  entity: card,
  owner: 'risk',
  tags: ['card'],
  features: {
    n: count().describe('All payments').over('1d', '7d'),
    total: sum(payments.amount).over('7d'),
    note: last(payments.note).over('30d'),
  },
  deprecatedFeatures: { n: { replacedBy: 'total', since: '2026-11' } },
})
const risk = featureService('risk', { event: payments, features: [spending.pick('n_7d', 'total_7d')] })
const model = modelOf({ spending, risk })

describe('the catalogue', () => {
  const shown = catalogue(model)

  it('says of a feature whose it is, what it reads, and who reads it', () => {
    expect(shown.features.find(({ name }) => name === 'spending__n_7d')).toMatchObject({
      description: 'All payments',
      owner: 'risk',
      tags: ['card'],
      deprecated: { replaced_by: ['spending__total_7d'], since: '2026-11', why: null },
      empty: 0,
      reads: [],
      services: ['risk'],
    })
    expect(shown.features.find(({ name }) => name === 'spending__note_30d')).toMatchObject({
      description: null,
      deprecated: null,
      empty: null,
      reads: ['note'],
      services: [],
    })
  })

  it('says of money in which unit each aggregate counts it', () => {
    const minor = 'minor units, scale 2'
    const group = featureGroup('units', {
      source: payments,
      entity: card,
      features: {
        sum: sum(payments.amount).over('7d'),
        avg: avg(payments.amount).over('7d'),
        max: max(payments.amount).over('7d'),
        median: median(payments.amount).over('7d'),
        percentiles: percentiles(payments.amount, [5, 95]).over('7d'),
        stddev: stddev(payments.amount).over('7d'),
        decayed: decayedSum(payments.amount, '1d').over('7d'),
        top: topK(payments.amount, 3).over('7d'),
        per: sum(payments.amount).per(payments.note, { limit: 3 }).over('7d'),
        variance: variance(payments.amount).over('7d'),
        trend: trend(payments.amount).over('7d'),
        score: zScore(payments.amount).over('7d'),
        entropy: entropy(payments.amount).over('7d'),
        ratio: distinctRatio(payments.amount).over('7d'),
        changed: changed(payments.amount).over('7d'),
        fresh: isNew(payments.amount).over('7d'),
        distinct: countDistinct(payments.amount).over('7d'),
      },
    })
    const { features } = catalogue(modelOf({ group }))
    expect(Object.fromEntries(features.map(({ feature, unit }) => [feature, unit]))).toEqual({
      sum: minor,
      avg: minor,
      max: minor,
      median: minor,
      percentiles: minor,
      stddev: minor,
      decayed: minor,
      top: minor,
      per: minor,
      variance: 'minor units squared, scale 2',
      trend: 'minor units per day, scale 2',
      score: null,
      entropy: null,
      ratio: null,
      changed: null,
      fresh: null,
      distinct: 'count',
    })
  })

  it('says of a column which features and groups read it, of a source and an entity who does', () => {
    const [{ columns, groups, services }] = shown.sources as [(typeof shown.sources)[number]]
    const reads = columns.map(({ name, features, groups: keyed }) => [name, features, keyed])
    expect(reads).toEqual([
      ['id', [], []],
      ['at', [], []],
      ['card_id', [], ['spending']],
      ['amount', ['spending__total_7d'], []],
      ['note', ['spending__note_30d'], []],
    ])
    expect([groups, services]).toEqual([['spending'], ['risk']])
    expect(shown.entities).toMatchObject([{ name: 'card', groups: ['spending'], services: ['risk'] }])
  })

  it('names a service that reads a feature in a role both under the role and under the feature itself', () => {
    const other = featureService('other', { features: [spending.pick('n_1d').as('payee', { card_id: 'payee_id' })] })
    const { features } = catalogue(modelOf({ spending, risk, other }))
    const services = Object.fromEntries(features.map(({ name, services: reading }) => [name, reading]))
    expect(services).toMatchObject({ payee__n_1d: ['other'], spending__n_1d: ['other'], spending__n_7d: ['risk'] })
  })

  it('has of each feature, in a role as well, the columns that it reads, and of each column those features', () => {
    const payee = spending.pick('total_7d').as('payee', { card_id: 'payee_id' })
    const { features, sources } = catalogue(
      modelOf({ spending, risk, other: featureService('other', { features: [payee] }) }),
    )
    const down = features.flatMap(({ name, source, reads }) => reads.map((column) => `${source}.${column} ${name}`))
    const up = sources.flatMap(({ name, columns }) =>
      columns.flatMap((column) => column.features.map((feature) => `${name}.${column.name} ${feature}`)),
    )
    expect(down).toContain('payments.amount payee__total_7d')
    expect(up.sort()).toEqual(down.sort())
  })

  it('says in the description of the API that a value within a map may be null, where it may', () => {
    const group = featureGroup('maps', {
      source: payments,
      entity: card,
      features: {
        mean: avg(payments.amount).per(payments.note, { limit: 3 }).over('1d'),
        n: count().per(payments.note, { limit: 3 }).over('1d'),
        most: max(payments.amount).describe('The dearest').over('1d'),
      },
    })
    const maps = modelOf({ service: featureService('maps', { features: [group] }) }).services.get('maps')!
    const { properties } = answerSchema(maps, IN_PLACE) as unknown as {
      properties: { features: { properties: Record<string, { additionalProperties: object; description?: string }> } }
    }
    const within = (name: string) => properties.features.properties[name]!.additionalProperties
    expect(within('maps__mean_1d')).toEqual({ type: ['number', 'null'], format: 'double' })
    expect(properties.features.properties.maps__most_1d!.description).toBe('The dearest. Minor units.')
    expect(within('maps__n_1d')).toEqual({ type: 'integer', format: 'int64', minimum: 0 })
  })

  it('marks in the description of the API what should not be read', () => {
    const { properties } = answerSchema(model.services.get('risk')!, IN_PLACE) as unknown as {
      properties: { features: { properties: Record<string, object> } }
    }
    expect(properties.features.properties.spending__n_7d).toMatchObject({
      deprecated: true,
      description: 'All payments. Deprecated since 2026-11: read spending__total_7d instead.',
    })
    expect(properties.features.properties.spending__total_7d).not.toHaveProperty('deprecated')
  })
})

describe('the health of a feature', () => {
  const timeline = [...model.timelines.values()][0]!
  const fresh = evolveTimeline(null, timeline, {}, NOW)
  const covered = (since_ms: number | null, columns = since_ms, reason: string | null = null): TimelineRecord => ({
    ...fresh,
    coverage: {
      since_ms,
      columns: columns === null ? {} : Object.fromEntries(fresh.schemas.columns.map((_, i) => [i, columns])),
      reason,
      proof: [],
    },
  })
  const wall = { now_ms: NOW, prunes: true }
  const history = { now_ms: NOW, prunes: false }

  it.each<[string, string, TimelineRecord | null, number | null, typeof wall, object]>([
    ['a timeline that is not known', 'n_7d', null, NOW, wall, { status: 'unserved', complete_since_ms: null }],
    ['all of it', 'total_7d', covered(0), NOW, wall, { status: 'ok', complete_since_ms: 0, why: null }],
    ['just its window', 'n_7d', covered(NOW - 7 * DAY), NOW, wall, { status: 'ok', why: null }],
    [
      'a millisecond less than its window',
      'n_7d',
      covered(NOW - 7 * DAY + 1),
      NOW,
      wall,
      {
        status: 'incomplete',
        why: 'its window begins at 2026-11-16T00:00:00.000Z, and rows are complete since 2026-11-16T00:00:00.001Z only',
      },
    ],
    ['the shorter window of the two', 'n_1d', covered(NOW - 2 * DAY), NOW, wall, { status: 'ok' }],
    [
      'a column that came later',
      'total_7d',
      covered(0, null),
      NOW,
      wall,
      { status: 'incomplete', why: 'a column that it reads is new: a backfill is due' },
    ],
    [
      'nothing, for a reason',
      'n_1d',
      covered(null, null, 'rows were lost'),
      NOW,
      wall,
      { status: 'incomplete', complete_since_ms: null, why: 'rows were lost' },
    ],
    ['a stream that is behind', 'n_1d', covered(0), NOW - 60_001, wall, { status: 'stale' }],
    ['a stream that is nearly there', 'n_1d', covered(0), NOW - 60_000, wall, { status: 'ok' }],
    [
      'a stream that nobody knows of',
      'n_1d',
      covered(0),
      null,
      wall,
      { status: 'stale', why: 'it is not known how far the stream of payments is' },
    ],
    ['part of history', 'n_1d', covered(NOW - 300 * DAY), NOW, history, { status: 'incomplete' }],
    ['all of history', 'n_1d', covered(0), NOW, history, { status: 'ok' }],
  ])('%s', (_, name, record, watermark_ms, now, expected) => {
    const feature = model.features.get(`spending__${name}`)!
    expect(featureHealth(feature, record, watermark_ms, now)).toMatchObject(expected)
  })
})
