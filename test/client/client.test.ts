import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, MillraceError } from '../../src/client/index.ts'
import type { ServingError } from '../../src/serving/serving-error.ts'
import type * as definitions from '../serving/definitions.ts'
import { NOW, payment, scored } from '../serving/world.ts'
import { ApiServer } from './api-server.ts'

type Definitions = typeof definitions

let api: ApiServer
beforeAll(async () => {
  api = await ApiServer.start()
  await api.world.put(
    'payments',
    ...Array.from({ length: 20 }, (_, i) => payment({ card_id: `c${i % 10}`, at: NOW - i })),
  )
})
afterAll(() => api.stop())

/** Patient: nothing here is about time, and the machine may be busy. */
const client = () => createClient<Definitions>({ url: api.url, backoff_ms: 1, timeout_ms: 30_000, deadline_ms: 60_000 })

/** Types are checked elsewhere; these are valid ones, made at run time. */
const asked = (fields: object = {}) => ({ event: scored(fields as never), request: { cart_items: 1 } }) as never
const happened = (fields: object = {}) => payment(fields as never) as never

async function refusal(call: Promise<unknown>): Promise<MillraceError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MillraceError)
  return error as MillraceError
}

describe('get', () => {
  it('answers what the service does', async () => {
    const request = asked({ card_id: 'c3' })
    const answer = await client().get('checkout_risk', request)
    expect(answer).toEqual(await api.world.vectors.answer('checkout_risk', request))
    expect(answer.features.card_velocity__tx_count_7d).toBe(3)
  })

  it('has no need of types', async () => {
    const request = { keys: { card_id: 'c3', merchant_id: 'm1' } }
    const answer = await createClient({ url: `${api.url}/` }).get('card_profile', request)
    expect(answer).toEqual(await api.world.vectors.answer('card_profile', request))
  })

  it.each<[what: string, service: string, request: () => object, error: object]>([
    [
      'a service that is not there',
      'checkout_rsk',
      asked,
      {
        code: 'SERVICE_UNKNOWN',
        status: 404,
        message: "there is no service 'checkout_rsk'",
        cure: "did you mean 'checkout_risk'?",
        field: null,
      },
    ],
    ['a name that is no part of a path', '../catalogue?', asked, { code: 'SERVICE_UNKNOWN', status: 404 }],
    [
      'a wrong event',
      'checkout_risk',
      () => asked({ amount: '1.005' }),
      {
        code: 'EVENT_VALUE',
        status: 422,
        field: 'event.amount',
        value: '"1.005"',
        cure: 'send an amount with at most 2 decimals',
      },
    ],
    ['a missing key', 'card_profile', () => ({}), { code: 'FIELD_MISSING', status: 422, field: 'keys' }],
    [
      'a request that is too large',
      'card_profile',
      () => ({ keys: { card_id: 'x'.repeat(2 ** 20), merchant_id: 'm' } }),
      { code: 'BODY_TOO_LARGE', status: 413 },
    ],
    [
      'a number that is none',
      'card_profile',
      () => ({ keys: { card_id: 'c', merchant_id: 'm' }, at: Number.NaN }),
      { code: 'REQUEST_INVALID', status: null, field: 'at', value: 'NaN', message: 'at: NaN is no number of JSON' },
    ],
    ['a bigint', 'card_profile', () => ({ keys: { card_id: 1n } }), { code: 'REQUEST_INVALID', status: null }],
    ['nothing', 'card_profile', () => undefined as never, { code: 'REQUEST_INVALID', status: null }],
  ])('tells of %s', async (_, service, request, error) => {
    const thrown = await refusal(createClient({ url: api.url }).get(service, request() as never))
    expect(thrown).toMatchObject({ name: 'MillraceError', retryable: false, ...error })
  })
})

describe('batch', () => {
  it('answers more rows than the server takes at once, in their order, and tells of the wrong ones', async () => {
    const rows = Array.from({ length: 2_500 }, (_, i) =>
      i % 400 === 7 ? asked({ card_id: `c${i % 13}`, amount: `${i}.001` }) : asked({ card_id: `c${i % 13}` }),
    )
    const answers = await client().batch('checkout_risk', rows)
    const expected = await api.world.vectors.answerBatch('checkout_risk', rows)
    expect(answers).toHaveLength(2_500)
    for (const [i, answer] of answers.entries()) {
      if (answer.error === undefined) expect(answer).toEqual(expected[i])
      else {
        expect(i % 400).toBe(7)
        expect(answer.error).toBeInstanceOf(MillraceError)
        const { code, message, field, value, cure } = expected[i] as ServingError
        expect(answer.error).toMatchObject({ code, message, field, value, cure, status: null, retryable: false })
      }
    }
    expect(answers.filter(({ error }) => error !== undefined)).toHaveLength(7)
  })

  it('answers more bytes than the server takes at once', async () => {
    const rows = Array.from({ length: 36 }, (_, i) => asked({ card_id: `c${i}`, merchant_id: 'ä'.repeat(2 ** 18) }))
    const answers = await client().batch('checkout_risk', rows)
    const expected = await api.world.vectors.answerBatch('checkout_risk', rows)
    const codes = (list: readonly object[]) => list.map((one) => ('code' in one ? one.code : 'ok'))
    expect(codes(answers.map((one) => one.error ?? one))).toEqual(codes(expected))
  })

  it('refuses by itself what cannot be sent, and asks the others', async () => {
    const rows = [asked(), asked({ points: Number.POSITIVE_INFINITY }), asked({ id: 'x'.repeat(2 ** 24) }), asked()]
    const answers = await client().batch('checkout_risk', rows)
    expect(answers.map(({ error }) => error?.code)).toEqual([undefined, 'REQUEST_INVALID', 'BODY_TOO_LARGE', undefined])
  })

  it('is nothing for nothing', async () => {
    expect(await client().batch('checkout_risk', [])).toEqual([])
  })

  it('rejects where no row was answered', async () => {
    const error = await refusal(createClient({ url: api.url }).batch('nowhere', [{}]))
    expect(error).toMatchObject({ code: 'SERVICE_UNKNOWN', status: 404 })
  })
})

describe('vector', () => {
  const rows = [{ card_id: 'c1' }, { card_id: 'c2' }].map((key) => ({ keys: { ...key, merchant_id: 'm1' } }))
  // Of the services of these definitions the one without lists and texts.
  const service = 'login_risk'
  const logins = rows.map(({ keys }, i) => ({
    event: { login_id: `l${i}`, at: NOW, card_id: keys.card_id, ip: '::1' },
    keys: { merchant_id: 'm1' },
  }))

  it('answers the numbers of get, in the order that its form says', async () => {
    const form = await client().vectorForm(service)
    const answer = await client().vector(service, logins[0]!, { fingerprint: form.fingerprint })
    const { features } = await client().get(service, logins[0]!)
    expect(answer.fingerprint).toBe(form.fingerprint)
    expect(form.names.map((name, i) => [name, answer.values[i]])).toEqual(
      Object.entries(features).map(([name, value]) => [name, value]),
    )
    expect(await client().vectorBatch(service, logins, { fingerprint: form.fingerprint })).toEqual([
      answer,
      await client().vector(service, logins[1]!),
    ])
  })

  it('never answers another order than the one that was asked for', async () => {
    const options = { fingerprint: '0000000000000000' }
    const calls = [client().vector(service, logins[0]!, options), client().vectorBatch(service, logins, options)]
    for (const error of await Promise.all(calls.map(refusal))) {
      expect(error).toMatchObject({ code: 'VECTOR_CHANGED', retryable: false })
    }
  })

  it('tells where a service is no vector', async () => {
    expect(await refusal(client().vector('card_profile', rows[0]!))).toMatchObject({
      code: 'VECTOR_UNFIT',
      status: 422,
    })
    expect(await refusal(createClient({ url: api.url }).vectorForm('nowhere'))).toMatchObject({
      code: 'SERVICE_UNKNOWN',
    })
  })
})

describe('send', () => {
  it('puts events into the log, and tells of the wrong ones by their place', async () => {
    const wrong = [3, 9_999, 10_000, 20_500]
    const events = Array.from({ length: 20_501 }, (_, i) =>
      happened(wrong.includes(i) ? { id: `e${i}`, status: 'lost' } : { id: `e${i}` }),
    )
    const from = api.appended.length
    const { accepted, rejected } = await client().send('payments', events)
    expect(accepted).toBe(20_497)
    expect(rejected.map(({ index }) => index)).toEqual(wrong)
    expect(rejected[0]).toMatchObject({
      code: 'EVENT_VALUE',
      field: 'status',
      cure: 'send one of "approved", "declined"',
    })
    const taken = api.appended.slice(from).map(([source, raw]) => [source, (JSON.parse(raw) as { id: string }).id])
    const right = events.flatMap((_, i) => (wrong.includes(i) ? [] : [['payments', `e${i}`]]))
    expect(taken).toEqual(right)
  })

  it('tells of each where none was accepted', async () => {
    const { accepted, rejected } = await client().send('payments', [{} as never, 7 as never])
    expect(accepted).toBe(0)
    expect(rejected.map(({ index, code }) => [index, code])).toEqual([
      [0, 'EVENT_MISSING'],
      [1, 'EVENT_SHAPE'],
    ])
  })

  it.each<[source: string, error: object]>([
    ['payment', { code: 'SOURCE_UNKNOWN', status: 404, cure: "did you mean 'payments'?" }],
    ['chargebacks', { code: 'SOURCE_NOT_STREAMED', status: 404 }],
  ])('knows that %s takes none', async (source, error) => {
    expect(await refusal(createClient({ url: api.url }).send(source, [{}]))).toMatchObject(error)
  })

  it('sends nothing where an event cannot be sent', async () => {
    const from = api.appended.length
    const error = await refusal(client().send('payments', [happened(), happened({ points: Number.NaN })]))
    expect(error).toMatchObject({ code: 'REQUEST_INVALID', field: 'points' })
    const large = await refusal(client().send('payments', [happened(), happened({ id: 'x'.repeat(2 ** 24) })]))
    expect(large).toMatchObject({ code: 'BODY_TOO_LARGE', field: 'events[1]' })
    expect(api.appended.slice(from)).toEqual([])
  })
})

it('asks again where the store failed, and says so', async () => {
  const broken = await ApiServer.start()
  try {
    await broken.world.store.close()
    const retries: unknown[] = []
    const once = createClient<Definitions>({
      url: broken.url,
      backoff_ms: 8,
      random: () => 0.5,
      onRetry: ({ error, retry, wait_ms }) => retries.push([error.code, retry, wait_ms]),
    })
    // The server may say when to come back: the deadline is beyond.
    const error = await refusal(once.get('checkout_risk', asked(), { retries: 1, deadline_ms: 60_000 }))
    expect(error).toMatchObject({ code: 'STORE_FAILED', status: 503, retryable: true })
    expect(retries).toEqual([['STORE_FAILED', 1, expect.any(Number)]])
  } finally {
    broken.stop()
  }
})
