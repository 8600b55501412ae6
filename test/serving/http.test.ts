import { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { createApi } from '../../src/serving/http/api.ts'
import { HTTP_ERRORS } from '../../src/serving/http/error-table.ts'
import type { TakenEvent } from '../../src/serving/http/event-list.ts'
import { EVENTS_MAX } from '../../src/serving/http/event-list.ts'
import { NOW, payment, scored, World } from './world.ts'

let world: World
let app: ReturnType<typeof createApi>
let appended: [source: string, events: readonly TakenEvent[]][]
let failures: unknown[]
let reasons: string[]

beforeEach(async () => {
  world = await new World().open()
  appended = []
  failures = []
  reasons = []
  app = createApi({
    model: world.model,
    vectors: world.vectors,
    append: async (source, events) => {
      appended.push([source.name, events])
    },
    ready: () => reasons,
    onFailure: (error) => failures.push(error),
  })
})

/** Of a problem that is about no field. */
const WHOLE = { field: null, value: null }

const NDJSON = 'application/x-ndjson'
const JSON_TYPE = 'application/json'

async function post(path: string, body: unknown, type: string | null = JSON_TYPE, headers: object = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await app.request(path, {
    method: 'POST',
    body: text,
    headers: { ...(type === null ? {} : { 'content-type': type }), ...headers },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & { error: unknown } }
}

const ask = { event: scored({ id: 'x' }), request: { cart_items: 1 } }

describe('POST /v1/services/:service', () => {
  it('answers what the service does', async () => {
    const { status, body } = await post('/v1/services/checkout_risk', ask)
    expect(status).toBe(200)
    expect(body).toEqual(await world.vectors.answer('checkout_risk', ask))
  })

  it('answers with the content type of JSON, whatever it was sent as', async () => {
    const response = await app.request('/v1/services/checkout_risk', { method: 'POST', body: JSON.stringify(ask) })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.status).toBe(200)
  })

  it('says what is wrong, and where', async () => {
    expect(await post('/v1/services/checkout_risk', { ...ask, event: { ...ask.event, amount: '1.005' } })).toEqual({
      status: 422,
      body: {
        error: {
          code: 'EVENT_VALUE',
          message: 'amount: "1.005" has more than 2 decimals: money at scale 2 is never rounded',
          field: 'event.amount',
          value: '"1.005"',
          cure: 'send an amount with at most 2 decimals',
        },
      },
    })
    expect(await post('/v1/services/card_profile', {})).toEqual({
      status: 422,
      body: {
        error: {
          code: 'FIELD_MISSING',
          message: 'card_profile needs keys, and the request has none',
          field: 'keys',
          value: null,
          cure: 'send "keys": { "card_id": ..., "merchant_id": ... }',
        },
      },
    })
  })

  it('knows its services', async () => {
    expect(await post('/v1/services/checkout_rsk', ask)).toEqual({
      status: 404,
      body: {
        error: {
          code: 'SERVICE_UNKNOWN',
          ...WHOLE,
          message: "there is no service 'checkout_rsk'",
          cure: "did you mean 'checkout_risk'?",
        },
      },
    })
  })

  it('is unavailable where the store is', async () => {
    await world.store.close()
    const { status, body } = await post('/v1/services/checkout_risk', ask)
    expect([status, body.error]).toEqual([
      503,
      {
        code: 'STORE_FAILED',
        ...WHOLE,
        message: 'the online store could not be read',
        cure: 'ask again: nothing is wrong with the request',
      },
    ])
    expect(failures).toHaveLength(1)
  })
})

describe('what helps a caller to do better', () => {
  const send = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', body, headers: { 'content-type': JSON_TYPE, ...headers } })

  it('says when to ask again, where that helps', async () => {
    reasons.push('payments: the log is behind')
    expect((await app.request('/readyz')).headers.get('retry-after')).toBe('1')
    expect((await send('/v1/services/checkout_risk', '{}')).headers.get('retry-after')).toBe(null)
    await world.store.close()
    const response = await send('/v1/services/checkout_risk', JSON.stringify(ask))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  })

  it.each(['/v1/services/checkout_risk', '/v1/services/checkout_risk/batch', '/v1/sources/payments/events'])(
    'refuses bytes that are no UTF-8, and compressed ones: %s',
    async (path) => {
      const text = Buffer.from(`{"event":{"card_id":"käse"}}`)
      const cut = Uint8Array.from(text.subarray(0, text.indexOf('ä') + 1))
      expect(await (await send(path, cut)).json()).toEqual({
        error: { code: 'BODY_JSON', ...WHOLE, message: 'the body is not UTF-8', cure: 'send JSON in UTF-8' },
      })
      const zipped = await send(path, '{}', { 'content-encoding': 'br' })
      expect([zipped.status, await zipped.json()]).toEqual([
        415,
        {
          error: {
            code: 'BODY_TYPE',
            ...WHOLE,
            message: 'a body with content-encoding br is not read',
            cure: 'send it plain',
          },
        },
      ])
    },
  )
})

describe('POST /v1/services/:service/batch', () => {
  it('answers by row', async () => {
    const { status, body } = await post('/v1/services/checkout_risk/batch', { rows: [ask, { event: 1 }, ask] })
    expect(status).toBe(200)
    const answer = await world.vectors.answer('checkout_risk', ask)
    const error = {
      code: 'EVENT_SHAPE',
      message: '1 is not an event of payments: send a JSON object with a field for each column',
      field: 'event',
      value: '1',
      cure: 'send a JSON object with a field for each column',
    }
    expect(body).toEqual({ rows: [answer, { error }, answer] })
    expect((await post('/v1/services/checkout_risk/batch', { rows: [] })).body).toEqual({ rows: [] })
  })

  const cure = 'send { "rows": [ ... ] } with a request of the service in each row'
  it.each<[body: unknown, status: number, error: object]>([
    [
      [],
      422,
      { code: 'REQUEST_SHAPE', value: 'an array', message: 'an array is not a batch: it must be a JSON object', cure },
    ],
    [{}, 422, { code: 'FIELD_MISSING', message: 'the batch has no rows', field: 'rows', cure }],
    [
      { rows: {} },
      422,
      { code: 'REQUEST_SHAPE', message: 'rows: an object is not a list', field: 'rows', value: 'an object', cure },
    ],
    [{ row: [] }, 422, { code: 'FIELD_UNKNOWN', message: "'row' is no field of a batch", field: 'row', cure }],
    [
      { rows: Array.from({ length: 1_001 }, () => 0) },
      413,
      { code: 'BODY_TOO_LARGE', message: 'the batch has 1001 rows, more than 1000', cure: 'send it in parts' },
    ],
  ])('refuses %j', async (body, status, error) => {
    expect(await post('/v1/services/checkout_risk/batch', body)).toEqual({
      status,
      body: { error: { ...WHOLE, ...error } },
    })
  })
})

describe('POST /v1/features/:feature/events', () => {
  it('answers the events behind a value', async () => {
    await world.put('payments', payment({ at: NOW - 1 }))
    const { status, body } = await post('/v1/features/card_velocity__tx_count_1h/events', { keys: { card_id: 'c1' } })
    expect(status).toBe(200)
    expect(body).toEqual(await world.vectors.featureEvents('card_velocity__tx_count_1h', { keys: { card_id: 'c1' } }))
    expect(body.total).toBe(1)
  })

  it('knows its features', async () => {
    const { status, body } = await post('/v1/features/card_velocity__tx_count_2h/events', {})
    expect([status, body.error]).toMatchObject([404, { code: 'FEATURE_UNKNOWN' }])
  })
})

describe('POST /v1/sources/:source/events', () => {
  const one = payment({ id: 'a' })
  const two = { ...payment({ id: 'b' }), amount: 2.5, extra: ['kept', 'as', 'it', 'came'] }

  it.each<[title: string, type: string, body: string]>([
    ['NDJSON', NDJSON, `${JSON.stringify(one)}\n${JSON.stringify(two)}\n`],
    [
      'NDJSON with blank lines and carriage returns',
      `${NDJSON}; charset=utf-8`,
      `${JSON.stringify(one)}\r\n\r\n${JSON.stringify(two)}`,
    ],
    ['a JSON array', JSON_TYPE, JSON.stringify([one, two], null, 2)],
  ])('takes %s', async (_, type, text) => {
    expect(await post('/v1/sources/payments/events', text, type)).toEqual({
      status: 200,
      body: { accepted: 2, rejected: [] },
    })
    const [[source, events]] = appended as [[string, TakenEvent[]]]
    expect(source).toBe('payments')
    expect(events.map(({ raw }) => JSON.parse(raw))).toEqual([one, two])
    const { parser } = world.model.sources.get('payments')!
    expect(events.map(({ parsed }) => parsed)).toEqual([parser.parse(one), parser.parse(two)])
  })

  it('takes one JSON object', async () => {
    expect((await post('/v1/sources/payments/events', one)).body).toEqual({ accepted: 1, rejected: [] })
  })

  it.each([
    ['', NDJSON],
    ['\n\n', NDJSON],
    ['[]', JSON_TYPE],
  ])('takes an empty list: %j', async (text, type) => {
    expect(await post('/v1/sources/payments/events', text, type)).toEqual({
      status: 200,
      body: { accepted: 0, rejected: [] },
    })
    expect(appended).toEqual([])
  })

  it('refuses an event that the log could never take, and takes the others', async () => {
    const long = { ...two, note: 'é'.repeat(600_000) }
    const message = 'the event has 1200223 bytes of at most 1048576: leave out what payments does not need'
    expect(await post('/v1/sources/payments/events', [one, long])).toMatchObject({
      status: 200,
      body: { accepted: 1, rejected: [{ index: 1, code: 'EVENT_SHAPE', field: null, message }] },
    })
  })

  it('takes the good ones of a list and names the others by their place', async () => {
    const text = [
      JSON.stringify(one),
      '{"id": }',
      JSON.stringify({ ...two, amount: '1.005' }),
      JSON.stringify(two),
      '7',
    ]
    expect(await post('/v1/sources/payments/events', text.join('\n'), NDJSON)).toEqual({
      status: 200,
      body: {
        accepted: 2,
        rejected: [
          {
            index: 1,
            code: 'EVENT_JSON',
            ...WHOLE,
            cure: 'send one JSON object a line',
            message: 'the line is not JSON: column 8: a value is expected, but there is "}"',
          },
          {
            index: 2,
            code: 'EVENT_VALUE',
            field: 'amount',
            value: '"1.005"',
            cure: 'send an amount with at most 2 decimals',
            message: 'amount: "1.005" has more than 2 decimals: money at scale 2 is never rounded',
          },
          {
            index: 4,
            code: 'EVENT_SHAPE',
            field: null,
            value: '7',
            cure: 'send a JSON object with a field for each column',
            message: '7 is not an event of payments: send a JSON object with a field for each column',
          },
        ],
      },
    })
    expect(appended[0]![1].map(({ parsed }) => parsed.id)).toEqual(['a', 'b'])
  })

  it('answers 422 where it takes none', async () => {
    const message = 'amount is missing; points is missing'
    const cure = 'send it, or define the column as .nullable()'
    const { amount: _a, points: _p, ...rest } = one
    expect(await post('/v1/sources/payments/events', [rest])).toEqual({
      status: 422,
      body: {
        accepted: 0,
        rejected: [{ index: 0, code: 'EVENT_MISSING', field: 'amount', value: null, message, cure }],
        error: { code: 'EVENTS_REJECTED', ...WHOLE, message: `payments takes none of the 1 events: ${message}`, cure },
      },
    })
    expect(appended).toEqual([])
  })

  it.each<
    [title: string, path: string, body: string, type: string | null, headers: object, status: number, error: object]
  >([
    [
      'another content type',
      'payments',
      'id,amount',
      'text/csv',
      {},
      415,
      {
        code: 'BODY_TYPE',
        message: '"text/csv" is no content type for events',
        cure: 'send application/x-ndjson, an event a line, or application/json, a list or one event',
      },
    ],
    [
      'a compressed body',
      'payments',
      'x',
      NDJSON,
      { 'content-encoding': 'gzip' },
      415,
      { code: 'BODY_TYPE', message: 'a body with content-encoding gzip is not read', cure: 'send it plain' },
    ],
    [
      'text that is not JSON',
      'payments',
      '[\n  {"id": "a",}\n]',
      JSON_TYPE,
      {},
      422,
      {
        code: 'BODY_JSON',
        message: 'the body is not JSON: line 2, column 14: a name in double quotes is expected, but there is "}"',
        cure: HTTP_ERRORS.BODY_JSON.cure,
      },
    ],
    [
      'no text at all',
      'payments',
      ' ',
      JSON_TYPE,
      {},
      422,
      { code: 'BODY_JSON', message: 'the body is empty', cure: 'send a JSON object' },
    ],
    [
      'a length that is too great',
      'payments',
      '[]',
      JSON_TYPE,
      { 'content-length': '16777217' },
      413,
      { code: 'BODY_TOO_LARGE', message: 'the body has more than 16777216 bytes', cure: 'send it in parts' },
    ],
    [
      'a body that is too long, of no given length',
      'payments',
      `[${' '.repeat(16 * 1024 * 1024)}]`,
      JSON_TYPE,
      {},
      413,
      { code: 'BODY_TOO_LARGE', message: 'the body has more than 16777216 bytes', cure: 'send it in parts' },
    ],
    [
      'too many events',
      'payments',
      '1\n'.repeat(EVENTS_MAX + 1),
      NDJSON,
      {},
      413,
      { code: 'BODY_TOO_LARGE', message: 'the body has more than 10000 events', cure: 'send them in parts' },
    ],
    [
      'an unknown source',
      'paymnts',
      '[]',
      JSON_TYPE,
      {},
      404,
      { code: 'SOURCE_UNKNOWN', message: "there is no source 'paymnts'", cure: "did you mean 'payments'?" },
    ],
    [
      'a source of quite another name',
      'x',
      '[]',
      JSON_TYPE,
      {},
      404,
      {
        code: 'SOURCE_UNKNOWN',
        message: "there is no source 'x'",
        cure: 'there are chargebacks, logins, payments',
      },
    ],
    [
      'a source without a stream',
      'chargebacks',
      '[]',
      JSON_TYPE,
      {},
      404,
      {
        code: 'SOURCE_NOT_STREAMED',
        message: 'the source chargebacks has no stream',
        cure: "give it one, as stream: { topic: 'chargebacks' }, or load its archive",
      },
    ],
  ])('refuses %s', async (_, source, body, type, headers, status, error) => {
    expect(await post(`/v1/sources/${source}/events`, body, type, headers)).toEqual({
      status,
      body: { error: { ...WHOLE, ...error } },
    })
    expect(appended).toEqual([])
  })

  it('acknowledges nothing where the log fails', async () => {
    app = createApi({
      model: world.model,
      vectors: world.vectors,
      append: () => Promise.reject(new Error('the disk is full: /secret/path')),
      ready: () => [],
      onFailure: (error) => failures.push(error),
    })
    expect(await post('/v1/sources/payments/events', [one])).toEqual({
      status: 503,
      body: {
        error: {
          code: 'INTAKE_FAILED',
          ...WHOLE,
          message: 'the log did not take the events',
          cure: 'send them all again: those that were stored count once',
        },
      },
    })
    expect(failures).toMatchObject([{ cause: { message: 'the disk is full: /secret/path' } }])
  })
})

describe('the rest', () => {
  it('GET /healthz and /readyz', async () => {
    const get = async (path: string) => {
      const response = await app.request(path)
      return [response.status, await response.json()]
    }
    expect(await get('/healthz')).toEqual([200, { status: 'ok' }])
    expect(await get('/readyz')).toEqual([200, { status: 'ready' }])
    reasons.push('payments: the log is behind')
    expect(await get('/readyz')).toEqual([503, { status: 'not_ready', reasons }])
  })

  it('GET /readyz waits until the timelines are registered', async () => {
    const { model, vectors } = new World()
    app = createApi({ model, vectors, append: async () => {}, ready: () => [] })
    expect((await app.request('/readyz')).status).toBe(503)
  })

  it('an unknown path', async () => {
    expect(await post('/v1/service/checkout_risk', {})).toEqual({
      status: 404,
      body: {
        error: {
          code: 'ROUTE_UNKNOWN',
          ...WHOLE,
          message: 'there is nothing at /v1/service/checkout_risk',
          cure: 'see /openapi.json for what there is',
        },
      },
    })
  })

  it('a method that a path does not take', async () => {
    const response = await app.request('/v1/services/checkout_risk')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
    expect(await response.json()).toEqual({
      error: {
        code: 'METHOD_NOT_ALLOWED',
        ...WHOLE,
        message: '/v1/services/checkout_risk takes no GET',
        cure: 'send POST',
      },
    })
  })

  it('routes that are put on it, and their failures, which stay inside', async () => {
    const admin = new Hono()
    admin.get('/status', (c) => c.json({ up: true }))
    admin.get('/bad', () => {
      throw new Error('secret')
    })
    app.route('/admin', admin)
    expect(await (await app.request('/admin/status')).json()).toEqual({ up: true })
    const response = await app.request('/admin/bad')
    const text = await response.text()
    expect([response.status, JSON.parse(text)]).toEqual([
      500,
      {
        error: {
          code: 'INTERNAL',
          ...WHOLE,
          message: 'millrace failed: nothing is wrong with the request',
          cure: 'ask again, and see its log',
        },
      },
    ])
    expect(failures).toMatchObject([{ message: 'secret' }])
  })
})
