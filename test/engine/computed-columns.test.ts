import { given } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import { makePlan } from '../../src/features/plan.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, countDistinct, entity, eq, featureGroup, featureService, source, z } from '../../src/index.ts'
import { catalogue } from '../../src/serving/http/catalogue.ts'
import { eventSchema } from '../../src/serving/http/column-schemas.ts'
import { readTimelines } from '../../src/stores/timeline-registry.ts'
import { clock, DAY, T, time } from './payments-kit.ts'
import { memoryStores, Whole } from './whole.ts'

/** Payments with the first digits of their card number: `length` of them, as version `length` computes. */
function definitions(length: number) {
  const payments = source('payments', {
    schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), pan: z.string().optional(), ok: z.boolean() }),
    id: 'id',
    time: 'at',
    outcome: ['ok'],
    stream: { topic: 'payments' },
    archive: { table: 'payments' },
    compute: { bin: { version: length, type: z.string(), of: (row) => row.pan?.slice(0, length) } },
  })
  const cards = featureGroup('cards', {
    source: payments,
    entity: entity('card', { key: { card_id: z.string() } }),
    features: {
      tx_count: count().over('7d'),
      bins: countDistinct(payments.bin).over('7d'),
      visa: count()
        .where(eq(payments.bin, '4'.padEnd(length, '1')))
        .over('7d'),
    },
  })
  const bins = featureGroup('bins', {
    source: payments,
    entity: entity('bin', { key: { bin: z.string() } }),
    features: { tx_count: count().over('7d') },
  })
  const scored = featureService('scored', {
    event: payments,
    features: [cards, bins],
    derive: { bin: ({ event }) => event.bin },
  })
  const model = resolveModel(collect([{ file: 'test.ts', exports: { cards, bins, scored } }]))
  return { payments, scored, model }
}

const payment = (id: string, day: number, pan?: string) => ({ id, at: T + day * DAY, card_id: 'c', pan, ok: true })
const PAST = [payment('a', 15, '4111110'), payment('b', 16, '5222220'), payment('none', 17)]
const { ok: _, ...NOW } = payment('now', 20, '4111112')

/** What the service says of the payment being scored, in its order: a value, or the status of one that is not ok. */
async function scores(whole: Whole): Promise<unknown[]> {
  const { features, status } = await whole.vectors.answer('scored', { event: NOW })
  return Object.entries(features).map(([name, value]) => status[name] ?? value)
}

async function running(length: number, stores = memoryStores(clock)) {
  time.now = T + 20 * DAY
  const whole = await new Whole(definitions(length).model, 'wall', clock, stores).open()
  return { stores, whole }
}

describe('a computed column', () => {
  it('gives the same by the stream, by the archive and in the test kit', async () => {
    const values = [4, 2, 2, 2, '411111']
    const streamed = await running(6)
    await streamed.whole.send('payments', PAST)
    await streamed.whole.stream()
    await streamed.whole.archive()
    await streamed.whole.backfill()
    expect(await scores(streamed.whole)).toEqual(values)

    const loaded = await running(6)
    await loaded.whole.load('payments', PAST)
    await loaded.whole.backfill()
    expect(await scores(loaded.whole)).toEqual(values)

    const { payments, scored } = definitions(6)
    expect(Object.values(given(payments, PAST).get(scored, { event: NOW }))).toEqual(values)
  })

  it('is not in the archive', async () => {
    const { whole, stores } = await running(6)
    await whole.send('payments', PAST)
    await whole.archive()
    const table = await stores.archive.describe('payments')
    expect([...table!.columns.keys()].filter((name) => !name.startsWith('_'))).toEqual([
      'id',
      'at',
      'card_id',
      'pan',
      'ok',
    ])
  })

  it('is among the columns of the events behind a value', async () => {
    const { whole } = await running(6)
    await whole.load('payments', PAST)
    await whole.backfill()
    const { events } = await whole.vectors.featureEvents('cards__tx_count_7d', { keys: { card_id: 'c' } })
    expect(events.map(({ columns }) => columns)).toEqual([{ bin: null }, { bin: '522222' }, { bin: '411111' }])
  })

  it('of a new version is incomplete until it is back-filled, and under a new version of a key all is', async () => {
    const { whole, stores } = await running(6)
    await whole.load('payments', PAST.slice(0, 1))
    await whole.send('payments', PAST.slice(1))
    await whole.stream()
    await whole.backfill()
    expect(await scores(whole)).toEqual([4, 2, 2, 2, '411111'])

    const next = definitions(2).model
    const plan = makePlan(next, {
      live: { features: {}, services: {}, parts: {} },
      timelines: [...(await readTimelines(stores.store)).values()],
      stats: new Map(),
      clock: 'wall',
      now_ms: time.now,
    })
    expect(plan.timelines.map(({ added_columns, backfill }) => [added_columns, backfill.why])).toEqual([
      [['bin'], 'backfill: the column bin is not kept yet'],
      [[], 'backfill: it is new'],
    ])
    const revised = await running(2, stores)
    expect(await scores(revised.whole)).toEqual([4, 'incomplete', 'incomplete', 'incomplete', '41'])
    await revised.whole.archive()
    await revised.whole.backfill()
    expect(await scores(revised.whole)).toEqual([4, 2, 2, 2, '41'])
  })

  it('is told of, and is in no request', () => {
    const { model } = definitions(6)
    const features = ['cards__bins_7d', 'cards__visa_7d']
    expect(catalogue(model).sources[0]!.columns.slice(-2)).toEqual([
      {
        name: 'ok',
        type: 'bool',
        nullable: false,
        archive_name: 'ok',
        computed: null,
        features: [],
        groups: [],
        derived: [],
      },
      {
        name: 'bin',
        type: 'string',
        nullable: true,
        archive_name: null,
        computed: 6,
        features,
        groups: ['bins'],
        derived: ['scored.bin'],
      },
    ])
    const event = eventSchema(model.sources.get('payments')!, true)
    expect(event.required).toEqual(['id', 'at', 'card_id'])
    expect(Object.keys(event.properties as object)).toEqual(['id', 'at', 'card_id', 'pan'])
  })
})
