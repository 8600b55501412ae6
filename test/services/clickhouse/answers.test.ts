import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openClickHouseArchive } from '../../../src/stores/archive/http/archive.ts'
import type { ClickHouseOptions } from '../../../src/stores/archive/http/options.ts'
import { ArchiveError, type EventArchive } from '../../../src/stores/event-archive.ts'
import { AT, CARD, column, ID, insertRows, int, readRows, scanOf, T0 } from '../../stores/archive-rows.ts'
import { type Answer, ScriptedServer, scripted } from './scripted-server.ts'

const TABLE = { id: 'String', at: "DateTime64(3, 'UTC')", card: 'Nullable(String)' }
const OURS = { ...TABLE, _origin: 'LowCardinality(String)', _sequence: 'UInt64', _arrived_ms: "DateTime64(3, 'UTC')" }
const ROW = [['a', T0, 'c']]

let server: ScriptedServer
let archive: EventArchive
beforeEach(async () => {
  server = await ScriptedServer.start(scripted({ events: TABLE, ours: OURS }))
  archive = await openClickHouseArchive({ url: server.url })
})
afterEach(async () => {
  await archive.close()
  await server.stop()
})

async function reopened(options: Omit<ClickHouseOptions, 'url'>): Promise<EventArchive> {
  await archive.close()
  archive = await openClickHouseArchive({ url: server.url, ...options })
  return archive
}

const insert = () => insertRows(archive, 'events', [ID, AT, CARD], ROW)

async function failureOf(call: () => Promise<unknown>): Promise<ArchiveError> {
  const error = await call().then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ArchiveError)
  return error as ArchiveError
}

/** Answers a statement that holds `words` in this way, and all others as before. */
function answering(words: string, answer: Answer | null): void {
  const usual = scripted({ events: TABLE, ours: OURS })
  server.script = (received) => (received.sql.includes(words) ? answer : usual(received))
}

function exception(code: number, type: string, text: string, status = 500): Answer {
  return {
    status,
    headers: { 'X-ClickHouse-Query-Id': 'q', 'X-ClickHouse-Exception-Code': String(code) },
    body: `Code: ${code}. DB::Exception: ${text}. (${type}) (version 25.8.2.29 (official build))\n`,
  }
}

describe('an insert that is answered with', () => {
  const refusals: readonly (readonly [string, Answer | null, ArchiveError['code'], number | null, RegExp])[] = [
    [
      'too many parts',
      exception(
        252,
        'TOO_MANY_PARTS',
        'Too many parts (3000). Merges are processing significantly slower than inserts',
      ),
      'ARCHIVE_UNAVAILABLE',
      10_000,
      /^the archive could not insert into events: Too many parts \(3000\).*slower than inserts\. \(TOO_MANY_PARTS\): merges must catch up: insert less often and in larger batches/,
    ],
    [
      'too many queries',
      exception(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many'),
      'ARCHIVE_UNAVAILABLE',
      10_000,
      /allow more queries at once/,
    ],
    [
      'a full disk',
      exception(243, 'NOT_ENOUGH_SPACE', 'No space'),
      'ARCHIVE_UNAVAILABLE',
      10_000,
      /make room on the disk/,
    ],
    [
      'a lost Keeper',
      exception(242, 'TABLE_IS_READ_ONLY', 'Table is in readonly mode'),
      'ARCHIVE_UNAVAILABLE',
      1_000,
      /has found Keeper again/,
    ],
    [
      'a failed quorum',
      exception(286, 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE', 'Quorum'),
      'ARCHIVE_UNAVAILABLE',
      1_000,
      /Quorum/,
    ],
    [
      'an unknown table',
      exception(60, 'UNKNOWN_TABLE', 'Table d.events does not exist', 404),
      'ARCHIVE_REFUSED',
      null,
      /Table d\.events does not exist\. \(UNKNOWN_TABLE\)$/,
    ],
    [
      'a missing right',
      exception(497, 'ACCESS_DENIED', 'Not enough privileges'),
      'ARCHIVE_REFUSED',
      null,
      /grant it to the user/,
    ],
    [
      'a value that does not fit',
      exception(70, 'CANNOT_CONVERT_TYPE', 'Value in column c0 cannot be safely converted', 400),
      'ARCHIVE_TYPE',
      null,
      /cannot be safely converted/,
    ],
    [
      'a wrong password',
      exception(516, 'AUTHENTICATION_FAILED', 'default: Authentication failed', 403),
      'ARCHIVE_REFUSED',
      null,
      /does not let user 'default' in: check user and password \(default: Authentication failed/,
    ],
    [
      'an exception though its status is 200',
      { ...exception(395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO', 'column cannot hold a value'), status: 200 },
      'ARCHIVE_TYPE',
      null,
      /cannot hold a value/,
    ],
    [
      '503 from a proxy',
      { status: 503, headers: {}, body: '<html><h1>Service Unavailable</h1></html>' },
      'ARCHIVE_UNAVAILABLE',
      1_000,
      /answered HTTP 503 \(Service Unavailable\): try again in a while/,
    ],
    ['503 that says when', { status: 503, headers: { 'Retry-After': '7' } }, 'ARCHIVE_UNAVAILABLE', 7_000, /HTTP 503/],
    [
      '504 that says next week',
      { status: 504, headers: { 'Retry-After': '604800' } },
      'ARCHIVE_UNAVAILABLE',
      300_000,
      /HTTP 504/,
    ],
    ['429', { status: 429, headers: {} }, 'ARCHIVE_UNAVAILABLE', 1_000, /HTTP 429/],
    [
      '401 from a proxy',
      { status: 401, headers: {} },
      'ARCHIVE_REFUSED',
      null,
      /HTTP 401: user 'default' is not let in/,
    ],
    [
      '413 from a proxy',
      { status: 413, headers: {} },
      'ARCHIVE_REFUSED',
      null,
      /a proxy takes no request of that size/,
    ],
    [
      '302',
      { status: 302, headers: { Location: 'https://x/' } },
      'ARCHIVE_REFUSED',
      null,
      /HTTP 302: is that the HTTP port of ClickHouse/,
    ],
    [
      'a page of something else',
      { headers: {}, body: '<html>Welcome</html>' },
      'ARCHIVE_REFUSED',
      null,
      /answered HTTP 200 \(Welcome\): is that the HTTP port of ClickHouse/,
    ],
    [
      'nothing, the connection broken off',
      null,
      'ARCHIVE_UNAVAILABLE',
      1_000,
      /the connection to ClickHouse at http:.* was lost/,
    ],
  ]
  test.each(refusals)('%s', async (_, answer, code, wait_ms, words) => {
    answering('INSERT', answer)
    const error = await failureOf(insert)
    expect(error.message).toMatch(words)
    expect([error.code, error.retryable, error.retry_after_ms]).toEqual([code, code === 'ARCHIVE_UNAVAILABLE', wait_ms])
    // Once: whether to insert again is for the caller to say.
    expect(server.received.filter(({ sql }) => sql.includes('INSERT'))).toHaveLength(1)
    answering('nothing', null)
    await insert()
  })
})

describe('a connection that the server closed meanwhile', () => {
  test('costs a read no more than a second try', async () => {
    const usual = scripted({ events: TABLE })
    server.script = (received) => (received.before > 0 ? null : usual(received))
    for (let round = 0; round < 4; round++) expect((await archive.describe('events'))!.columns.size).toBe(3)
  })

  test('is not tried a third time', async () => {
    answering('system.columns', null)
    const before = server.received.length
    expect(await failureOf(() => archive.describe('events'))).toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      retry_after_ms: 1_000,
    })
    expect(server.received.length - before).toBe(2)
  })
})

test('an answer that ends within a block is never taken for whole', async () => {
  answering('ORDER BY', { body: Buffer.from('\x03\x02\x02v0\x06UInt64\x01\x00\x00', 'latin1') })
  expect(await failureOf(() => readRows(archive, scanOf('events')))).toMatchObject({ code: 'ARCHIVE_UNAVAILABLE' })
})

test.each([
  ['24.8.1.1', false],
  ['25.0.9', false],
  ['25.1.0', true],
  ['26.7.2.1', true],
])('version %s is accepted: %s', async (version, isAccepted) => {
  const writer = Buffer.from(`\x01\x01\x01v\x06String${String.fromCharCode(version.length)}${version}`, 'latin1')
  answering('version()', { body: writer })
  const open = openClickHouseArchive({ url: server.url })
  if (isAccepted) return (await open).close()
  await expect(open).rejects.toMatchObject({
    code: 'ARCHIVE_REFUSED',
    message: expect.stringMatching(/25\.1 or newer is needed/),
  })
})

describe('what is sent', () => {
  test('reads are read-only, and end with their reader', async () => {
    await readRows(archive, scanOf('events'))
    const { parameters, sql } = server.received.at(-1)!
    expect(parameters.get('readonly')).toBe('2')
    expect(parameters.get('cancel_http_readonly_queries_on_client_close')).toBe('1')
    expect(sql).toMatch(/FORMAT Native$/)
  })

  test('an insert is answered when all is done, on the shards of a Distributed table too, and its SQL is not in the URL', async () => {
    await insert()
    const { parameters, sql } = server.received.at(-1)!
    expect(Object.fromEntries(parameters)).toMatchObject({ wait_end_of_query: '1', distributed_foreground_insert: '1' })
    expect(parameters.has('query')).toBe(false)
    expect(sql).toMatch(
      /^INSERT INTO `default`\.`events` \(.*\) SELECT .* FROM input\('c0 String, .*'\) .* FORMAT Native$/,
    )
    expect(sql).toMatch(/insert_deduplicate = 0(?!.*insert_deduplicate)/)
  })

  test('settings go with every statement, quorum and deduplication as their owner says', async () => {
    await reopened({
      settings: { insert_quorum: 2, insert_deduplicate: true, max_memory_usage: '10000000000', readonly: 0 },
    })
    await insert()
    const { parameters, sql } = server.received.at(-1)!
    expect(Object.fromEntries(parameters)).toMatchObject({ insert_quorum: '2', max_memory_usage: '10000000000' })
    expect(sql).toMatch(/insert_deduplicate = 1 FORMAT/)
    await archive.describe('events')
    // Ours go first where exactness rests on them.
    expect(server.received.at(-1)!.parameters.get('readonly')).toBe('2')
  })

  test('user and password, or a token', async () => {
    await reopened({ user: 'müller', password: 'ü:"' })
    expect(server.received.at(-1)!.headers.authorization).toBe(`Basic ${Buffer.from('müller:ü:"').toString('base64')}`)
    await reopened({ accessToken: 'abc.def' })
    expect(server.received.at(-1)!.headers.authorization).toBe('Bearer abc.def')
    await archive.close()
    archive = await openClickHouseArchive({ url: server.url.replace('//', '//me:p%40ss@') })
    expect(server.received.at(-1)!.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
  })
})

describe('create', () => {
  const columns = [ID, AT]
  const created = () => server.received.map(({ sql }) => sql).filter((sql) => /^(CREATE|ALTER)/.test(sql))

  test('makes tables on a cluster, replicated', async () => {
    await reopened({ cluster: "it's {cluster}", database: 'fraud' })
    await archive.create('payments', columns, 'at')
    const [database, table] = created()
    expect(database).toBe("CREATE DATABASE IF NOT EXISTS `fraud` ON CLUSTER 'it\\'s {cluster}'")
    expect(table).toMatch(/^CREATE TABLE IF NOT EXISTS `fraud`\.`payments` ON CLUSTER 'it\\'s \{cluster\}' \(/)
    expect(table).toMatch(/ENGINE = ReplicatedMergeTree ORDER BY `at` SETTINGS fsync_after_insert = 1/)
  })

  test('adds columns on a cluster', async () => {
    await reopened({ cluster: 'main' })
    await archive.create('ours', [ID, AT, column('other', int, true)], 'at')
    expect(created()).toEqual([
      "ALTER TABLE `default`.`ours` ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS `other` Nullable(Int64)",
    ])
  })

  test('needs no right to make a database that is there', async () => {
    server.script = scripted({}, ['fraud'])
    await archive.create('fraud.payments', columns, 'at')
    expect(created()).toHaveLength(1)
    expect(created()[0]).toMatch(/^CREATE TABLE IF NOT EXISTS `fraud`\.`payments` \(.* ENGINE = MergeTree /)
  })
})
