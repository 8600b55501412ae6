import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClickHouseFront } from '../../../scripts/servers/clickhouse-front/front-process.ts'
import { openClickHouseArchive } from '../../../src/stores/archive/http/archive.ts'
import type { ClickHouseOptions } from '../../../src/stores/archive/http/options.ts'
import { AT, ID, insertRows, T0 } from '../../stores/archive-rows.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'
import { type Certificates, makeCertificates } from './certificates.ts'

async function failureOf(options: ClickHouseOptions): Promise<unknown> {
  const opened = openClickHouseArchive(options)
  const error = await opened.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error === null) await (await opened).close()
  return error
}

async function works(options: ClickHouseOptions): Promise<void> {
  const archive = await openClickHouseArchive({ ...options, database: 'events' })
  await archive.create('t', [ID, AT], 'at')
  await insertRows(archive, 't', [ID, AT], [['a', T0]], { origin: 'log/a/0' })
  expect(await archive.lastSequence('t', 'log/a/0')).toBe(0)
  await archive.close()
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

describe('who may ask', () => {
  let front: ClickHouseFront
  beforeAll(async () => {
    front = await ClickHouseFront.start(`${folder.path}/plain`, {
      user: 'millrace',
      password: 'secret',
      token: 'abc.def',
    })
  })
  afterAll(() => front.stop())

  test('user and password, or a token', async () => {
    await works({ url: front.url, user: 'millrace', password: 'secret' })
    await works({ url: front.url.replace('//', '//millrace:secret@') })
    await works({ url: front.url, accessToken: 'abc.def' })
  })

  test.each<[string, Partial<ClickHouseOptions>, RegExp]>([
    ['no user', {}, /does not let user 'default' in: check user and password/],
    ['a wrong password', { user: 'millrace', password: 'Secret' }, /does not let user 'millrace' in/],
    ['another user', { user: 'admin', password: 'secret' }, /does not let user 'admin' in/],
    ['a wrong token', { accessToken: 'abc' }, /does not let the bearer of this access token in/],
  ])('%s is refused, and not to be tried again', async (_, options, words) => {
    const error = await failureOf({ url: front.url, ...options })
    expect(error).toMatchObject({
      code: 'ARCHIVE_REFUSED',
      retryable: false,
      retry_after_ms: null,
      message: expect.stringMatching(words),
    })
    expect((error as Error).message).toMatch(/^the archive could not open http:\/\/127\.0\.0\.1:\d+: /)
    expect((error as Error).message).not.toMatch(/secret|abc/i)
  })
})

describe('TLS', () => {
  let certificates: Certificates
  let front: ClickHouseFront
  beforeAll(async () => {
    certificates = makeCertificates(folder.path, 'clickhouse.test')
    const { cert, key } = certificates
    front = await ClickHouseFront.start(`${folder.path}/tls`, { password: 'secret', token: 'abc.def', cert, key })
  })
  afterAll(() => front.stop())

  test('an authority that is given is trusted, with a password or a token', async () => {
    const { ca } = certificates
    await works({ url: front.url, password: 'secret', tls: { ca } })
    await works({ url: front.url, accessToken: 'abc.def', tls: { ca, serverName: 'clickhouse.test' } })
  })

  test.each<[string, () => Partial<ClickHouseOptions>, RegExp]>([
    [
      'an authority that nobody knows',
      () => ({}),
      /certificate of https:.* is not trusted .*: give the authority that signed it in tls\.ca/,
    ],
    [
      'another name',
      () => ({ tls: { ca: certificates.ca, serverName: 'other.test' } }),
      /is not trusted .*other\.test.*tls\.serverName/,
    ],
  ])('%s is refused', async (_, options, words) => {
    const error = await failureOf({ url: front.url, password: 'secret', ...options() })
    expect(error).toMatchObject({ code: 'ARCHIVE_REFUSED', message: expect.stringMatching(words) })
  })

  test('http:// to its port is said to get no answer', async () => {
    const error = await failureOf({ url: front.url.replace('https', 'http'), password: 'secret' })
    expect(error).toMatchObject({ code: 'ARCHIVE_UNAVAILABLE', message: expect.stringMatching(/was lost/) })
  })
})

describe('a wrong address', () => {
  /** Answers every connection with this, and ends it. */
  async function speaking(text: string): Promise<{ port: number; stop: () => Promise<unknown> }> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(text))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return { port: typeof address === 'object' ? address!.port : 0, stop: () => once(server.close(), 'close') }
  }

  test('where nothing listens', async () => {
    const other = await speaking('')
    await other.stop()
    expect(await failureOf({ url: `http://127.0.0.1:${other.port}` })).toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      retryable: true,
      retry_after_ms: 1_000,
      message: expect.stringMatching(/nothing listens at http:.*: start ClickHouse, or correct the address/),
    })
  })

  test('whose host has no address', async () => {
    expect(await failureOf({ url: 'http://nowhere.invalid:8123' })).toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      message: expect.stringMatching(/no address is known for the host of http:\/\/nowhere\.invalid:8123/),
    })
  })

  test.each([
    ['http', '+PONG\r\n', 'ARCHIVE_REFUSED', /does not speak HTTP .*: is it the HTTP port, by default 8123\?/],
    ['https', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'ARCHIVE_REFUSED', /does not speak TLS as this does/],
    [
      'http',
      'HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program',
      'ARCHIVE_REFUSED',
      /HTTP 400 \(Port 9000 is for clickhouse-client program\): is that the HTTP port/,
    ],
  ])('%s to a port that speaks %j', async (scheme, text, code, words) => {
    const other = await speaking(text)
    const error = await failureOf({ url: `${scheme}://127.0.0.1:${other.port}` })
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) })
    await other.stop()
  })
})

describe('a wrong option is named with its cure', () => {
  const url = 'http://127.0.0.1:8123'
  test.each<[Partial<ClickHouseOptions>, string]>([
    [{ url: 'clickhouse' }, 'ClickHouse option url: it is no URL: write it as http://host:8123 or https://host:8443'],
    [
      { url: 'clickhouse://me:secret@host:9000' },
      'ClickHouse option url "clickhouse://host:9000": it must begin with http:// or https://: write it as http://host:8123 or https://host:8443',
    ],
    [
      { url: `${url}/?database=x` },
      `ClickHouse option url "${url}/": what stands behind ? or # belongs into the options database and settings`,
    ],
    [
      { accessToken: 'abc', user: 'me' },
      'ClickHouse option accessToken: it takes the place of user and password: give one or the other',
    ],
    [{ user: 'a:b' }, 'ClickHouse option user "a:b": a name with a colon cannot be sent: choose another'],
    [{ tls: { ca: 'x' } }, `ClickHouse option tls: ${url} is not encrypted: write https:// in url, or leave tls out`],
    [
      { url: 'https://h', tls: { cert: 'x' } },
      'ClickHouse option tls: a certificate of this client needs its key: give both cert and key, or neither',
    ],
    [{ database: '' }, 'ClickHouse option database "": give it a name, or leave it out'],
    [{ timeouts: { answer_ms: 0 } }, 'ClickHouse option timeouts.answer_ms 0: give a whole number above 0'],
    [{ connections: 1.5 }, 'ClickHouse option connections 1.5: give a whole number above 0'],
    [
      { settings: { 'max threads': 1 } },
      'ClickHouse option settings.max threads 1: a setting has a name of letters, digits and _, and one plain value',
    ],
  ])('%j', async (options, message) => {
    expect(await failureOf({ url, ...options })).toMatchObject({ code: 'ARCHIVE_REFUSED', message })
  })
})
