import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, featureGroup, featureService, last, lastN, sum } from '../../src/index.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { ServicePlan } from '../../src/serving/service-plan.ts'
import { vectorFingerprint } from '../../src/serving/vector-form.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { VectorWriter } from '../../src/serving/vector-writer.ts'
import type { FeatureValue } from '../../src/timeline/aggregate.ts'
import { card, cardVelocity, payments } from './definitions.ts'
import { modelOf, NOW, payment, scored, World } from './world.ts'

const extremes = featureGroup('extremes', {
  source: payments,
  entity: card,
  features: {
    points: sum(payments.points).over('24h'),
    fraud: last(payments.fraud).over('7d'),
    status: last(payments.status).over('7d'),
    settled: last(payments.settled_at).over('7d'),
    device: last(payments.device_id).over('7d'),
    flags: lastN(payments.fraud, 2).over('7d'),
    by_status: count().per(payments.status, { limit: 2 }).over('7d'),
  },
})
const picked = (...names: Parameters<typeof extremes.pick>) =>
  featureService('picked', { event: payments, features: [cardVelocity.pick('tx_count_7d'), extremes.pick(...names)] })

const score = featureService('score', {
  event: payments,
  features: [extremes.pick('points_24h', 'fraud_7d'), cardVelocity.pick('avg_amount_7d', 'tx_count_1h', 'spend_24h')],
  derive: {
    share: ({ event }) => event.amount / 3,
    is_big: ({ event }) => event.amount > 100_000,
    grade: ({ event }) => (event.amount > 100_000 ? 'big' : 1),
  },
})
const NAMES = [
  'extremes__points_24h',
  'extremes__fraud_7d',
  'card_velocity__avg_amount_7d',
  'card_velocity__tx_count_1h',
  'card_velocity__spend_24h',
  'share',
  'is_big',
  'grade',
]

describe('the form of a vector', () => {
  it('has the names as the service declares them, and a fingerprint that depends on their order alone', async () => {
    const form = new World({ model: modelOf({ score }) }).vectors.vectorForm('score')
    expect(form.names).toEqual(NAMES)
    // Written down: it must outlive restarts and releases.
    expect(form.fingerprint).toBe('b8a41fea090beeed')
    expect(vectorFingerprint(NAMES)).toBe(form.fingerprint)
    fc.assert(
      fc.property(fc.shuffledSubarray(NAMES, { minLength: 0 }), (names) => {
        expect(vectorFingerprint(names) === form.fingerprint).toBe(names.join() === NAMES.join())
      }),
      { seed: 3, numRuns: 200 },
    )
    expect(vectorFingerprint(['a', 'b,c'])).not.toBe(vectorFingerprint(['a,b', 'c']))
  })

  it.each<[feature: Parameters<typeof extremes.pick>[0], kind: string]>([
    ['status_7d', 'a text'],
    ['device_7d', 'a text'],
    ['settled_7d', 'a time'],
    ['flags_7d', 'a list'],
    ['by_status_7d', 'a map'],
  ])('is refused to a service with %s', async (feature, kind) => {
    const service = picked('points_24h', feature)
    const { vectors } = await new World({ model: modelOf({ service }) }).open()
    const refusal = {
      code: 'VECTOR_UNFIT',
      message: `picked cannot be answered as a vector: extremes__${feature} is ${kind}, not a number`,
      field: 'format',
      cure: `ask a service that picks its features without ${feature.replace('_7d', '')}, or ask with format=object`,
    }
    expect(() => vectors.vectorForm('picked')).toThrow(expect.objectContaining(refusal))
    const ask = { event: scored() }
    await expect(vectors.answerText('picked', ask, 'vector')).rejects.toMatchObject(refusal)
    await expect(vectors.answerBatchText('picked', [ask], 'vector')).rejects.toMatchObject(refusal)
    await expect(vectors.numbers('picked', ask)).rejects.toMatchObject(refusal)
    expect((await vectors.answer('picked', ask)).service).toBe('picked')
  })

  it('is refused with all that stand in its way, as far as they fit in a sentence', async () => {
    const service = picked('status_7d', 'flags_7d', 'by_status_7d')
    const { vectors } = await new World({ model: modelOf({ service }) }).open()
    expect(() => vectors.vectorForm('picked')).toThrow(
      expect.objectContaining({
        message:
          'picked cannot be answered as a vector: extremes__status_7d is a text, not a number; ' +
          'nor are extremes__flags_7d, extremes__by_status_7d',
        cure: 'ask a service that picks its features without status, flags, by_status, or ask with format=object',
      }),
    )
  })
})

describe('a vector', () => {
  const at = (amount: string, fields: object = {}) => ({ event: scored({ amount, points: 1, ...fields }), at: NOW })

  it('has numbers, booleans as 0 and 1, and null as it is', async () => {
    const world = await new World({ model: modelOf({ score }) }).open()
    const points = Number.MAX_SAFE_INTEGER
    await world.put('payments', payment({ points, fraud: true, at: NOW - 1 }), payment({ points, at: NOW - 2 }))
    const { fingerprint } = world.vectors.vectorForm('score')
    const ask = at('7.00')
    const { features, ...rest } = await world.vectors.answer('score', ask)
    expect(features.extremes__points_24h).toBe('18014398509481983')
    expect(await world.vectors.numbers('score', ask)).toEqual({
      ...rest,
      fingerprint,
      values: [18014398509481984, 1, 1000, 3, 2700, 700 / 3, 0, 1],
    })
  })

  it('has null and a status where a derived value is a text', async () => {
    const model = modelOf({ score })
    const world = await new World({ model }).open()
    const told: unknown[] = []
    const vectors = new VectorService({
      model,
      store: world.store,
      now: () => NOW,
      clock: 'wall',
      watermark: () => NOW,
      onDeriveFailure: (name, error) => told.push([name, (error as Error).message]),
    })
    await vectors.refresh()
    const big = await vectors.numbers('score', at('2000.00'))
    expect(big.values).toEqual([1, null, null, 1, 200_000, 200_000 / 3, 1, null])
    expect(big.status).toEqual({ grade: 'error' })
    expect(told).toEqual([['grade', 'grade gave a text: a vector holds numbers, booleans and null']])
    expect(JSON.parse(await vectors.answerText('score', at('2000.00'), 'vector'))).toEqual(big)
    // By name it is served as it is, also right after.
    expect(await vectors.answer('score', at('2000.00'))).toMatchObject({ features: { grade: 'big' }, status: {} })
    expect((await vectors.numbers('score', at('2.00'))).status).toEqual({})
  })

  it('is the object form, value by value, whatever the values are', () => {
    const plan = new ServicePlan(modelOf({ score }).services.get('score')!)
    const writer = new VectorWriter(plan)
    const value: fc.Arbitrary<FeatureValue> = fc.oneof(
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.maxSafeInteger(),
      fc.constantFrom(0, -0, 1e21, 5e-324, null, true, false),
      fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    )
    const values = fc.array(value, { minLength: NAMES.length, maxLength: NAMES.length })
    const statuses = fc.uint8Array({ min: 0, max: 4, minLength: NAMES.length, maxLength: NAMES.length })
    const marks = fc.array(fc.option(fc.nat()), { minLength: plan.sources.length, maxLength: plan.sources.length })
    fc.assert(
      fc.property(values, statuses, marks, fc.boolean(), (given, flaws, watermarks, flawed) => {
        const random = () => ({
          at_ms: NOW,
          values: [...given],
          statuses: flawed ? Uint8Array.from(flaws) : new Uint8Array(NAMES.length),
          flawed,
        })
        const object = writer.object(random(), watermarks)
        expect(writer.text(random(), watermarks)).toBe(JSON.stringify(object))
        for (const [i, one] of given.entries()) {
          const expected = one === null ? null : Number(one)
          expect(JSON.parse(JSON.stringify(object.values[i]!))).toBe(Object.is(expected, -0) ? 0 : expected)
        }
      }),
      { seed: 12, numRuns: 300 },
    )
  })
})

describe('over HTTP', async () => {
  const world = await new World().open()
  const { model, vectors } = world
  const app = createApi({ model, vectors, append: async () => {}, ready: () => [] })
  const ask = { event: { login_id: 'l', at: NOW, card_id: 'c', ip: 'i' }, keys: { merchant_id: 'm' } }
  const call = async (path: string, body: unknown = ask) => {
    const response = await app.request(`/v1/services/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return [response.status, await response.json()] as const
  }

  it('is asked by format=vector, one and many', async () => {
    const expected = await vectors.numbers('login_risk', ask)
    expect(expected.values).toEqual([1, 1, 0, 0])
    expect(await call('login_risk?format=vector')).toEqual([200, expected])
    const rows = { rows: [ask, {}, ask] }
    const [status, answer] = await call('login_risk/batch?format=vector', rows)
    expect([status, answer]).toMatchObject([200, { rows: [expected, { error: { code: 'FIELD_MISSING' } }, expected] }])
  })

  it('names the order of its numbers', async () => {
    const response = await app.request('/v1/services/login_risk/vector')
    expect(await response.json()).toEqual(vectors.vectorForm('login_risk'))
    expect((await app.request('/v1/services/card_profile/vector')).status).toBe(422)
    expect((await app.request('/v1/services/login_rsk/vector')).status).toBe(404)
  })

  it('answers by name with format=object, as without', async () => {
    expect(await call('login_risk?format=object')).toEqual(await call('login_risk'))
    expect(await call('login_risk?')).toEqual(await call('login_risk'))
  })

  const CURE = 'ask with format=object (the default), or format=vector for numbers in a declared order'
  it.each<[query: string, error: object]>([
    [
      'format=csv',
      { code: 'FIELD_VALUE', message: 'format: "csv" is no format of an answer', field: 'format', value: '"csv"' },
    ],
    ['format=', { code: 'FIELD_VALUE', message: 'format: "" is no format of an answer', field: 'format', value: '""' }],
    ['format=vector&format=object', { code: 'FIELD_VALUE', message: 'format is given 2 times', field: 'format' }],
    [
      'fromat=vector',
      {
        code: 'FIELD_UNKNOWN',
        message: '"fromat" is no parameter of this route',
        field: 'fromat',
        cure: `did you mean 'format'? ${CURE}`,
      },
    ],
  ])('refuses ?%s', async (query, error) => {
    for (const path of ['login_risk', 'login_risk/batch']) {
      expect(await call(`${path}?${query}`)).toEqual([422, { error: { value: null, cure: CURE, ...error } }])
    }
  })
})
