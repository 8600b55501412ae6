import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type CallOptions, type ClientOptions, createClient, MillraceError } from '../../src/client/index.ts'
import { type Move, ScriptedServer } from './scripted-server.ts'

const ANSWER = { service: 's', version: 'v', as_of: 1, features: { f: 1 }, status: {}, watermarks: {} }
const well: Move = { status: 200, body: ANSWER }
const failing = (status: number, headers = {}): Move => ({
  status,
  body: { error: { code: 'SOME_CODE', message: 'some message', field: 'a.b', value: '7', cure: 'some cure' } },
  headers,
})

const servers: ScriptedServer[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) server.stop()
})

async function serverOf(...moves: readonly Move[]): Promise<ScriptedServer> {
  const server = await new ScriptedServer(...moves).start()
  servers.push(server)
  return server
}

const clientOf = ({ url }: { url: string }, options: Partial<ClientOptions> = {}) =>
  createClient({ url, backoff_ms: 1, ...options })

async function refusal(call: Promise<unknown>): Promise<MillraceError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MillraceError)
  return error as MillraceError
}

async function timed<T>(call: Promise<T>): Promise<[T, ms: number]> {
  const begun_ms = performance.now()
  return [await call, performance.now() - begun_ms]
}

describe('a request is sent again', () => {
  it.each<[what: string, move: Move, options?: CallOptions]>([
    ['the server is unavailable', failing(503)],
    ['it wants less', failing(429)],
    ['a proxy has no server behind it', { status: 503, body: '<html>' }],
    ['the connection breaks before the answer', 'cut'],
    ['it breaks in the answer', 'cut in the answer'],
    ['no answer comes in time', 'hang', { timeout_ms: 300 }],
    ['the answer does not end in time', 'hang in the answer', { timeout_ms: 300 }],
  ])('where %s', async (_, move, options) => {
    const server = await serverOf(move, move, well)
    const retries: number[] = []
    const client = clientOf(server, { onRetry: ({ retry }) => retries.push(retry) })
    expect(await client.get('s', { keys: { k: 'ä' } }, options)).toEqual(ANSWER)
    expect(retries).toEqual([1, 2])
    expect(server.heard.map(({ path, body }) => [path, body])).toEqual(
      Array.from({ length: 3 }, () => ['/v1/services/s', '{"keys":{"k":"ä"}}']),
    )
  })

  it.each([1, 3])('%i times at most, where that is said', async (retries) => {
    const server = await serverOf(failing(503))
    const error = await refusal(clientOf(server, { retries }).get('s', {}))
    expect(error).toMatchObject({
      code: 'SOME_CODE',
      status: 503,
      field: 'a.b',
      value: '7',
      cure: 'some cure',
      retryable: true,
    })
    expect(server.heard).toHaveLength(retries + 1)
  })

  it('not where that is said', async () => {
    const server = await serverOf('cut', well)
    expect(await refusal(clientOf(server).get('s', {}, { retries: 0 }))).toMatchObject({
      code: 'CONNECTION_FAILED',
      retryable: true,
      message: `no answer came from ${server.url}`,
      cause: expect.any(TypeError),
    })
    expect(server.heard).toHaveLength(1)
  })

  it.each([400, 401, 403, 404, 408, 413, 422, 500, 502, 504])('not for the status %i', async (status) => {
    const server = await serverOf(failing(status), well)
    const error = await refusal(clientOf(server).get('s', {}))
    expect(error).toMatchObject({ code: 'SOME_CODE', message: 'some message', status, retryable: false })
    expect(server.heard).toHaveLength(1)
  })

  it('after the wait that was drawn, with what the server asked for before it', async () => {
    const server = await serverOf(failing(503), failing(503, { 'retry-after': '1' }), well)
    const waits: number[] = []
    const client = clientOf(server, {
      backoff_ms: 40,
      random: () => 0.5,
      onRetry: ({ wait_ms }) => waits.push(wait_ms),
    })
    const [, ms] = await timed(client.get('s', {}))
    expect(waits).toEqual([20, 1_040])
    // A timer may be a millisecond early.
    expect(ms).toBeGreaterThan(1_055)
  })
})

describe('a request ends', () => {
  it('when its time is up, whatever retries are left', async () => {
    const server = await serverOf('hang')
    const client = clientOf(server, { timeout_ms: 80, deadline_ms: 200, retries: 1_000 })
    const [error, ms] = await timed(refusal(client.get('s', {})))
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, status: null })
    expect(ms).toBeGreaterThan(150)
    expect(ms).toBeLessThan(5_000)
    // Two of 80 ms, and one of what was left, where any was.
    expect(server.heard.length).toBeLessThanOrEqual(3)
  })

  it('at once where the server asks for a wait that is longer', async () => {
    const server = await serverOf(failing(503, { 'retry-after': '20' }))
    const [error, ms] = await timed(refusal(clientOf(server).get('s', {}, { deadline_ms: 10_000 })))
    expect(error).toMatchObject({ code: 'SOME_CODE', status: 503 })
    expect(ms).toBeLessThan(5_000)
    expect(server.heard).toHaveLength(1)
  })

  it('when its time is up though the given fetch hears of nothing', async () => {
    const client = createClient({ url: 'http://nowhere', fetch: () => new Promise(() => {}) })
    expect(await refusal(client.get('s', {}, { timeout_ms: 20, retries: 0 }))).toMatchObject({ code: 'TIMEOUT' })
  })

  it.each<[when: string, move: Move, backoff_ms: number]>([
    ['while it waits for the answer', 'hang', 0],
    ['in the middle of the answer', 'hang in the answer', 0],
    ['while it waits for a retry', failing(503, { 'retry-after': '5' }), 1_000],
  ])('at once by its signal, %s', async (_, move, backoff_ms) => {
    const server = await serverOf(move)
    const controller = new AbortController()
    const { signal } = controller
    const calls = [
      clientOf(server, { backoff_ms }).get('s', {}, { signal }),
      clientOf(server, { backoff_ms }).batch('s', [{}], { signal }),
      clientOf(server, { backoff_ms }).send('s', [{}], { signal }),
    ].map(refusal)
    const reason = new Error('the payment was cancelled')
    setTimeout(() => controller.abort(reason), 50)
    const [errors, ms] = await timed(Promise.all(calls))
    for (const error of errors) expect(error).toMatchObject({ code: 'ABORTED', retryable: false, cause: reason })
    expect(ms).toBeLessThan(4_000)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('before it begins where its signal has said so', async () => {
    const server = await serverOf(well)
    expect(await refusal(clientOf(server).get('s', {}, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ABORTED',
    })
    expect(server.heard).toEqual([])
  })

  it('and leaves nothing behind: no timer, no listener', async () => {
    const server = await serverOf(well)
    const { signal } = new AbortController()
    const [set, clear] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')]
    await clientOf(server).get('s', {}, { signal, timeout_ms: 123_456, deadline_ms: 2 ** 30 })
    const timers = set.mock.results.filter((_, i) => set.mock.calls[i]![1] === 123_456).map(({ value }) => value)
    expect(timers).toHaveLength(1)
    expect(clear).toHaveBeenCalledWith(timers[0])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('what is no answer', () => {
  it.each<[what: string, move: Move, error: object]>([
    ['a page', { status: 200, body: '<html>' }, { code: 'ANSWER_INVALID', status: 200 }],
    ['other JSON', { status: 200, body: { ok: true } }, { code: 'ANSWER_INVALID', status: 200 }],
    ['a list', { status: 200, body: [] }, { code: 'ANSWER_INVALID', status: 200 }],
    ['nothing', { status: 204, body: '' }, { code: 'ANSWER_INVALID', status: 204 }],
    ['an error of a proxy', { status: 502, body: '<html>' }, { code: 'HTTP_STATUS', status: 502 }],
    [
      'a redirection',
      { status: 308, body: '', headers: { location: '/elsewhere' } },
      { code: 'HTTP_STATUS', status: 308, cure: 'give the url that it leads to' },
    ],
  ])('%s is told', async (_, move, error) => {
    const client = clientOf(await serverOf(move))
    const calls = [
      client.get('s', {}),
      client.batch('s', [{}, {}]),
      client.send('s', [{}]),
      client.vector('s', {}),
      client.vectorForm('s'),
    ]
    for (const told of await Promise.all(calls.map(refusal))) expect(told).toMatchObject({ retryable: false, ...error })
  })

  it('rows of another number are told', async () => {
    const client = clientOf(await serverOf({ status: 200, body: { rows: [ANSWER] } }))
    expect(await client.batch('s', [{}])).toEqual([ANSWER])
    expect(await refusal(client.batch('s', [{}, {}]))).toMatchObject({ code: 'ANSWER_INVALID' })
  })
})

describe('a batch in parts', () => {
  const rows = Array.from({ length: 4_500 }, () => ({}))
  const part: Move = { status: 200, body: { rows: Array.from({ length: 1_000 }, () => ANSWER) } }

  it('keeps what was answered where a part fails, and begins no further ones', async () => {
    const server = await serverOf(part, failing(404))
    const answers = await clientOf(server).batch('s', rows)
    const errors = answers.flatMap(({ error }) => (error === undefined ? [] : [error]))
    expect(answers).toHaveLength(4_500)
    expect(errors).toHaveLength(3_500)
    expect(new Set(errors.map(({ code, status }) => `${code} ${status}`))).toEqual(new Set(['SOME_CODE 404']))
    expect(server.heard.length).toBeLessThanOrEqual(5)
  })

  it('rejects where all fail', async () => {
    const server = await serverOf(failing(503))
    const error = await refusal(clientOf(server, { retries: 1 }).batch('s', rows))
    expect(error).toMatchObject({ code: 'SOME_CODE', status: 503, retryable: true })
    expect(server.heard.length).toBeLessThanOrEqual(8)
  })
})

it('events in parts stop at the first that fails', async () => {
  const server = await serverOf({ status: 200, body: { accepted: 10_000, rejected: [] } }, failing(503))
  const events = Array.from({ length: 30_000 }, () => ({}))
  expect(await refusal(clientOf(server).send('s', events))).toMatchObject({ status: 503, retryable: true })
  expect(server.heard).toHaveLength(1 + 3)
})

it('sends its headers, and a path before that of the API', async () => {
  const server = await serverOf(well)
  const client = createClient({ url: `${server.url}/millrace/`, apiKey: 'secret-1', headers: { Traceparent: 'a' } })
  await client.get('s', {}, { headers: { traceparent: 'b' } })
  const [{ path, headers }] = server.heard as [(typeof server.heard)[0]]
  expect(path).toBe('/millrace/v1/services/s')
  expect(headers).toMatchObject({
    authorization: 'Bearer secret-1',
    'content-type': 'application/json',
    traceparent: 'b',
  })
})

describe('options that are wrong are refused, with their name', () => {
  it.each<[options: Readonly<Record<string, unknown>>, message: string]>([
    [{ url: 'localhost' }, "url: 'localhost' is no URL"],
    [{ url: undefined }, 'url: undefined is no URL'],
    [{ url: 'redis://h' }, "url: 'redis://h' is not http or https"],
    [{ url: 'http://u:p@h' }, 'url: it has a user in it'],
    [{ url: 'http://h/?a=1#b' }, "url: 'http://h/?a=1#b' ends in ?a=1#b"],
    [{ apiKey: '' }, 'apiKey: it is empty, or has characters that a header cannot have'],
    [{ apiKey: 'se\ncret' }, 'apiKey: it is empty, or has characters that a header cannot have'],
    [{ timeout_ms: 0 }, 'timeout_ms: 0 is no number of milliseconds from 1 to 2147483647'],
    [{ timeout_ms: '5s' }, "timeout_ms: '5s' is no number of milliseconds from 1 to 2147483647"],
    [{ deadline_ms: Number.NaN }, 'deadline_ms: NaN is no number of milliseconds from 1 to 2147483647'],
    [{ backoff_ms: -1 }, 'backoff_ms: -1 is no number of milliseconds from 0 to 2147483647'],
    [{ retries: 1.5 }, 'retries: 1.5 is no whole number'],
    [{ retries: -1 }, 'retries: -1 is no whole number'],
    [{ headers: { 'a b': 'c' } }, 'headers: they have a name or value that is none'],
    [{ onRetry: 'log' }, "onRetry: 'log' is no function"],
    [{ fetch: 5 }, 'fetch: 5 is no function'],
    [{ random: null }, 'random: null is no function'],
    [{ timeout: 50 }, 'timeout: there is no such option'],
    [{ retry: 1 }, 'retry: there is no such option'],
  ])('%j', async (options, message) => {
    const all = { url: 'http://127.0.0.1:9', ...options } as unknown as ClientOptions
    const [field] = Object.keys(options)
    expect(() => createClient(all)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message, field }))
    if (['url', 'apiKey', 'backoff_ms', 'onRetry', 'fetch', 'random'].includes(field!)) return
    const client = createClient({ url: 'http://127.0.0.1:9' })
    expect(await refusal(client.get('s', {}, options as CallOptions))).toMatchObject({
      code: 'OPTION_INVALID',
      message,
    })
  })
  it.each<[signal: unknown, shown: string]>([
    [new AbortController(), '[object AbortController]'],
    [5, '5'],
  ])('a signal that is none: %s', async (signal, shown) => {
    const client = createClient({ url: 'http://127.0.0.1:9' })
    expect(await refusal(client.get('s', {}, { signal } as CallOptions))).toMatchObject({
      code: 'OPTION_INVALID',
      message: `signal: ${shown} is no AbortSignal`,
      cure: 'give the signal of an AbortController',
    })
  })
})

it('a log that fails fails no call', async () => {
  const server = await serverOf(failing(503), well)
  const client = clientOf(server, {
    onRetry() {
      throw new Error('no log')
    },
  })
  expect(await client.get('s', {})).toEqual(ANSWER)
})

it('an error keeps its message in JSON', async () => {
  const error = await refusal(clientOf(await serverOf(failing(404))).get('s', {}))
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'MillraceError',
    code: 'SOME_CODE',
    message: 'some message',
    status: 404,
    field: 'a.b',
    value: '7',
    cure: 'some cure',
    retryable: false,
  })
})
