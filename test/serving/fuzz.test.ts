import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { serve } from '@hono/node-server'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApi } from '../../src/serving/http/api.ts'
import { HTTP_ERRORS, type HttpErrorCode } from '../../src/serving/http/error-table.ts'
import { Described } from './described.ts'
import { NOW, payment, scored, World } from './world.ts'

// Whatever is sent, the API answers: never 5xx, and a refusal is JSON with a code of the table, a message, and what its route lists.

const CHECKOUT = { event: scored({ id: 'x' }), request: { cart_items: 1, coupon: 'c' }, at: NOW }
const LOGIN = { event: { login_id: 'l', at: NOW, card_id: 'c', ip: 'i' }, keys: { merchant_id: 'm' } }
const PROFILE = { keys: { card_id: 'c1', merchant_id: null }, at: '2026-05-01T12:00:00Z' }
const HISTORY = { keys: { card_id: 'c1' }, at: NOW, limit: 3 }

/** Every route that takes a body, with one that it takes. */
const VALID: readonly [path: string, body: unknown][] = [
  ['/v1/services/checkout_risk', CHECKOUT],
  ['/v1/services/card_profile', PROFILE],
  ['/v1/services/login_risk', LOGIN],
  ['/v1/services/checkout_risk/batch', { rows: [CHECKOUT, CHECKOUT] }],
  ['/v1/services/login_risk/batch', { rows: [LOGIN] }],
  ['/v1/features/card_velocity__tx_count_1h/events', HISTORY],
  ['/v1/sources/payments/events', [payment({ id: 'a' }), payment({ id: 'b' })]],
  ['/v1/sources/logins/events', [LOGIN.event]],
]
const PATHS = [
  ...VALID.map(([path]) => path),
  '/v1/services/login_risk/vector',
  '/v1/catalogue',
  '/openapi.json',
  '/healthz',
  '/readyz',
]

let world: World
let app: ReturnType<typeof createApi>
let api: Described
const failures: unknown[] = []

beforeAll(async () => {
  world = await new World().open()
  app = createApi({
    model: world.model,
    vectors: world.vectors,
    append: async () => {},
    ready: () => [],
    onFailure: (error) => failures.push(error),
  })
  api = new Described(await (await app.request('/openapi.json')).json())
})

beforeEach(() => {
  failures.length = 0
})

interface Call {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a call and judges the answer. */
async function judge({ method, path, body, headers }: Call): Promise<number> {
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD'
  const response = await app.request(`http://localhost${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(hasBody ? { body } : {}),
  })
  const text = await response.text()
  judgeAnswer(method, path.split('?')[0]!, response.status, response.headers, text)
  return response.status
}

function judgeAnswer(method: string, path: string, status: number, headers: Headers, text: string): void {
  expect(failures).toEqual([])
  expect(status).toBeLessThan(500)
  if (method === 'HEAD') return
  if (status >= 300 && status < 400) {
    // From the root of the API to its page, which is no JSON.
    expect([text, headers.get('location')]).toEqual(['', expect.stringMatching(/^(\.\.\/)?docs$/)])
    return
  }
  const answer = JSON.parse(text) as { error?: { code: HttpErrorCode; message: string; cure?: string } }
  expect(headers.get('content-type')).toBe('application/json')
  if (status >= 400) {
    const { code, message, cure = 'x' } = answer.error!
    expect(HTTP_ERRORS[code].status).toBe(status)
    expect(message.length).toBeGreaterThan(5)
    expect(message.length + cure.length).toBeLessThan(2_000)
    expect(message.isWellFormed()).toBe(true)
  }
  const template = api.template(decoded(path))
  const isDescribed = template !== null && method.toLowerCase() in api.document.paths![template]!
  if (isDescribed) expect(api.answerFaults(method.toLowerCase(), template, status, answer)).toBe('')
  else if (path !== '/openapi.json') expect([404, 405, 422]).toContain(status)
  if (status === 405) expect(headers.get('allow')).toMatch(/^[A-Z]+(, [A-Z]+)*$/)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const valid = fc.constantFrom(...VALID)
const path = fc.constantFrom(...PATHS)

/** Values that break what is careless. */
const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.1,
    1e21,
    1e308,
    5e-324,
    2 ** 53,
    -(2 ** 53) - 2,
    NOW,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    '\u2028',
    '🦊'.repeat(2_000),
    'x'.repeat(5_000),
    '9'.repeat(400),
    '-0',
    '1e5',
    '2026-02-30T00:00:00Z',
    '2026-05-01T12:00:00+99:99',
    '__proto__',
    'constructor',
    [],
    {},
    [[[[]]]],
    { __proto__: null, toString: 1 },
    { length: 3 },
  ),
  fc.jsonValue({ depthSize: 'small', noUnicodeString: false }),
  fc.string({ unit: 'binary' }),
)
const name = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'event',
    'keys',
    'at',
    'rows',
    'status',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

/** JSON as text, in which names may be `__proto__` and come twice. */
function changed(value: unknown, at: number, how: (place: string | null) => string): string {
  let left = at
  const write = (node: unknown): string => {
    if (left-- === 0) return how(JSON.stringify(node))
    if (Array.isArray(node)) return `[${node.map(write).join(',')}]`
    if (typeof node !== 'object' || node === null) return JSON.stringify(node)
    const members = Object.entries(node).map(([key, inner]) => `${JSON.stringify(key)}:${write(inner)}`)
    return `{${members.join(',')}}`
  }
  return write(value)
}

const near = fc
  .tuple(valid, fc.nat({ max: 24 }), nasty, name, fc.nat({ max: 5 }))
  .map(([[to, body], at, value, key, kind]) => {
    const other = JSON.stringify(value) ?? 'null'
    const member = `${JSON.stringify(key)}:${other}`
    const how = (old: string | null): string => {
      const isObject = old?.startsWith('{') && old !== '{}'
      if (kind === 0 && isObject) return `{${member},${old!.slice(1)}`
      if (kind === 1 && isObject) return `${old!.slice(0, -1)},${member}}`
      if (kind === 2 && isObject) return `${old!.slice(0, -1)},${old!.slice(1)}`
      if (kind === 3) return `[${old},${old}]`
      return other
    }
    return { method: 'POST', path: to, body: changed(body, at, how) }
  })

describe('whatever is sent, the API answers', () => {
  const RUNS = { seed: 20_261_101, numRuns: 2_000 }

  it('what is valid, as the judge must see', async () => {
    for (const [to, body] of VALID)
      expect(await judge({ method: 'POST', path: to, body: JSON.stringify(body) })).toBe(200)
  })

  it('valid requests with one thing changed', async () => {
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(near, async (call) => {
        const status = await judge(call)
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }),
      RUNS,
    )
    // Else it would show nothing of either kind.
    expect(Math.min(seen.get(200) ?? 0, seen.get(422) ?? 0)).toBeGreaterThan(100)
  })

  it('any JSON value', async () => {
    const call = fc.tuple(path, nasty).map(([to, body]) => ({ method: 'POST', path: to, body: JSON.stringify(body) }))
    await fc.assert(
      fc.asyncProperty(call, async (one) => void (await judge(one))),
      RUNS,
    )
  })

  it('any bytes, cut and spoiled texts', async () => {
    const spoiled = fc.tuple(valid, fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([[to, body], at, bytes]) => {
      const whole = Buffer.from(JSON.stringify(body).replaceAll('m1', 'käse 🦊'))
      const cut = at % (whole.length + 1)
      const rest = at % 2 === 0 ? whole.subarray(cut + bytes.length) : Buffer.alloc(0)
      return { method: 'POST', path: to, body: Uint8Array.from([...whole.subarray(0, cut), ...bytes, ...rest]) }
    })
    const random = fc
      .tuple(path, fc.uint8Array({ maxLength: 40 }))
      .map(([to, bytes]) => ({ method: 'POST', path: to, body: Uint8Array.from(bytes) }))
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoiled, random), async (one) => void (await judge(one))),
      RUNS,
    )
  })

  it('methods, headers, content types and encodings', async () => {
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'post')
    const type = fc.oneof(
      fc.constantFrom(
        'application/json',
        'application/x-ndjson',
        'text/csv',
        '',
        'application/json; charset=latin1',
        ';',
        'multipart/form-data',
      ),
      fc.stringMatching(/^[ -~]{0,20}$/),
    )
    const headers = fc.record(
      {
        'content-type': type,
        'content-encoding': fc.oneof(
          fc.constantFrom('gzip', 'identity', 'IDENTITY', 'br, gzip', ''),
          fc.stringMatching(/^[ -~]{0,9}$/),
        ),
        'content-length': fc.oneof(
          fc.constantFrom('0', '-1', '1e9', 'x', '99999999999999999999', ''),
          fc.nat().map(String),
        ),
        accept: fc.constantFrom('text/html', '*/*;q=0', ''),
        'x-forwarded-prefix': fc.stringMatching(/^[ -~]{0,9}$/),
        authorization: fc.stringMatching(/^[ -~]{0,9}$/),
      },
      { requiredKeys: [] },
    )
    const call = fc
      .tuple(method, valid, path, fc.boolean(), headers)
      .map(([way, [to, body], other, isOther, given]) => ({
        method: way,
        path: isOther ? other : to,
        body: JSON.stringify(body),
        headers: given,
      }))
    await fc.assert(
      fc.asyncProperty(call, async (one) => void (await judge(one))),
      RUNS,
    )
  })

  it('paths and queries', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        'v1',
        'services',
        'sources',
        'features',
        'events',
        'batch',
        'vector',
        'checkout_risk',
        'login_risk',
        'payments',
      ),
      fc.constantFrom(
        '',
        '.',
        '..',
        '%',
        '%00',
        '%2f',
        '%ff',
        '%ed%a0%80',
        '%25',
        '__proto__',
        'constructor',
        ':service',
        '*',
        'käse',
        ';',
        'x'.repeat(300),
      ),
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => encodeURI(text.toWellFormed())),
    )
    const query = fc.oneof(
      fc.constantFrom(
        '',
        '?',
        '?format=vector',
        '?format=object',
        '?format=Vector',
        '?format',
        '?format=%',
        '?format=%ff',
        '?&&',
        '?__proto__=1',
        '?format[]=vector',
        '?format=vector&format=vector',
      ),
      fc.webQueryParameters().map((text) => `?${text}`),
    )
    const somewhere = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`)
    const call = fc
      .tuple(fc.constantFrom('GET', 'POST'), fc.oneof(somewhere, path), query, valid)
      .map(([way, to, asked, [, body]]) => ({
        method: way,
        path: new URL(to.replaceAll(/[?#\\]/g, '').replace(/^\/+/, '/'), 'http://localhost').pathname + asked,
        body: JSON.stringify(body),
      }))
    await fc.assert(
      fc.asyncProperty(call, async (one) => void (await judge(one))),
      RUNS,
    )
  })

  const deep = (depth: number, inner = '1') => `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`
  const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  it.each([100, 10_000, 100_000])('values nested %d deep', async (depth) => {
    for (const value of [
      deep(depth),
      deepObject(depth),
      deep(depth, '"\\ud800"'),
      '['.repeat(depth),
      '{"a":'.repeat(depth),
    ]) {
      for (const [to, body] of VALID) {
        await judge({ method: 'POST', path: to, body: value })
        for (const at of [1, 2, 4, 7]) await judge({ method: 'POST', path: to, body: changed(body, at, () => value) })
        if (!to.startsWith('/v1/sources')) continue
        const [event] = body as [object]
        const extra = `${JSON.stringify(event).slice(0, -1)},"extra":${value}}`
        for (const text of [`[${extra}]`, extra]) await judge({ method: 'POST', path: to, body: text })
        await judge({ method: 'POST', path: to, body: extra, headers: { 'content-type': 'application/x-ndjson' } })
      }
    }
  })

  it('very many names, rows and digits', async () => {
    const names = `{${Array.from({ length: 50_000 }, (_, i) => `"n${i}":1`).join(',')}}`
    const digits = '9'.repeat(900_000)
    for (const value of [names, digits, `-${digits}`, `0.${digits}`, `1e${digits}`, `"${digits}"`]) {
      for (const [to, body] of VALID) {
        for (let at = 0; at < 8; at++) await judge({ method: 'POST', path: to, body: changed(body, at, () => value) })
      }
    }
  })
})

describe('over a socket', () => {
  let server: ReturnType<typeof serve>
  let port: number

  beforeAll(async () => {
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.close()
  })

  /** Sends bytes and gives what comes back until the connection ends, or nothing more comes. */
  function raw(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
      // A server may hang up on what is no HTTP.
      socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve('') : reject(error)))
    })
  }

  const body = JSON.stringify(CHECKOUT)
  const head = (line: string, ...headers: string[]) =>
    [line, 'host: x', 'connection: close', ...headers, '', ''].join('\r\n')
  const length = `content-length: ${Buffer.byteLength(body)}`
  it.each<[title: string, bytes: string, status: number]>([
    ['a call', head('POST /v1/services/checkout_risk HTTP/1.1', length) + body, 200],
    ['TRACE', head('TRACE /v1/services/checkout_risk HTTP/1.1'), 405],
    ['CONNECT as a path', head('PROPFIND /v1/services/checkout_risk HTTP/1.1'), 405],
    ['OPTIONS of nothing', head('OPTIONS * HTTP/1.1'), 400],
    ['an absolute target', head('GET http://example.com/healthz HTTP/1.1'), 200],
    ['a target that is no path', head('GET healthz HTTP/1.1'), 400],
    ['a host that is none', 'GET /healthz HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['percents that are none', head('POST /v1/services/%zz/batch?format=%zz HTTP/1.1', length) + body, 422],
    ['two slashes', head('GET //healthz HTTP/1.1'), 404],
    [
      'a chunk that is none',
      `${head('POST /v1/services/checkout_risk HTTP/1.1', 'transfer-encoding: chunked')}zz\r\n`,
      400,
    ],
    [
      'a body of an empty chunk',
      `${head('POST /v1/services/checkout_risk HTTP/1.1', 'transfer-encoding: chunked')}0\r\n\r\n`,
      422,
    ],
    ['two lengths', head('POST /v1/services/checkout_risk HTTP/1.1', length, 'content-length: 1') + body, 400],
    ['very long headers', head('GET /healthz HTTP/1.1', `x: ${'y'.repeat(40_000)}`), 431],
    ['a very long path', head(`GET /${'y'.repeat(12_000)} HTTP/1.1`), 404],
    ['no HTTP', 'HELO\r\n\r\n', 400],
    ['a body of a GET', head('GET /healthz HTTP/1.1', length) + body, 200],
    [
      'expecting to be asked on',
      head('POST /v1/services/checkout_risk HTTP/1.1', length, 'expect: 100-continue') + body,
      200,
    ],
  ])('%s', async (_, bytes, status) => {
    const text = await raw(bytes)
    const last = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
    expect(last.slice(0, 13)).toBe(`HTTP/1.1 ${status} `)
    expect(failures).toEqual([])
  })

  it('any bytes: it goes on answering', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all)),
      fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 })).map(([at, some]) => {
        const whole = Buffer.from(head('POST /v1/services/checkout_risk HTTP/1.1', length) + body)
        whole.set(some.slice(0, whole.length), at % (whole.length - 3))
        return whole
      }),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (one) => {
        const text = await raw(one)
        expect(text).not.toMatch(/^HTTP\/1\.1 5/)
      }),
      { seed: 7, numRuns: 400 },
    )
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    expect(failures).toEqual([])
  })
})
