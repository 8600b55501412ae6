import { request } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClickHouseFront } from '../../../scripts/servers/clickhouse-front/front-process.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'

// The front must be like ClickHouse where others rely on it: what its documentation promises, asked for as plainly as curl
// would, and by ClickHouse's own client.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let front: ClickHouseFront
beforeAll(async () => {
  folder = await temporaryFolder()
  front = await ClickHouseFront.start(folder.path, { password: 'secret' })
  await front.ask('CREATE DATABASE d')
  await front.ask('CREATE TABLE d.t (a Int64, b Nullable(String)) ENGINE = MergeTree ORDER BY a')
})
afterAll(async () => {
  await front.stop()
  await folder.remove()
})

function send(parameters: Record<string, string>, body?: string | Uint8Array, headers: Record<string, string> = {}) {
  const search = new URLSearchParams({ password: 'secret', ...parameters })
  const request = body === undefined ? {} : { method: 'POST', body: Buffer.from(body) }
  return fetch(`${front.url}/?${search}`, { ...request, headers })
}

const said = async (...args: Parameters<typeof send>) => (await send(...args)).text()

describe('a query', () => {
  test.each<[string, Record<string, string>, string | undefined, string]>([
    ['in the URL', { query: 'SELECT 1' }, undefined, '1\n'],
    ['in the body', {}, 'SELECT 1', '1\n'],
    ['in both', { query: 'SELECT' }, '1', '1\n'],
    ['with a semicolon', {}, 'SELECT 1;\n', '1\n'],
    ['with a format', {}, 'SELECT 1 AS a FORMAT JSONEachRow', '{"a":1}\n'],
    ['with a default format', { default_format: 'CSV' }, "SELECT 1, 'x'", '1,"x"\n'],
    ['with settings', { max_threads: '3' }, "SELECT getSetting('max_threads')", '3\n'],
    ['with parameters', { param_x: "it's", param_n: '7' }, 'SELECT {x:String}, {n:UInt8}', "it\\'s\t7\n"],
    ['in a database', { database: 'd' }, 'SELECT count() FROM t', '0\n'],
  ])('%s', async (_, parameters, body, expected) => {
    expect(await said(parameters, body)).toBe(expected)
  })

  test('says its id and format, and is JSON where that is asked for', async () => {
    const answer = await send({ query_id: 'mine' }, 'SELECT 1 AS a FORMAT JSON')
    expect(answer.headers.get('X-ClickHouse-Query-Id')).toBe('mine')
    expect(answer.headers.get('X-ClickHouse-Format')).toBe('JSON')
    expect(JSON.parse(answer.headers.get('X-ClickHouse-Summary')!)).toHaveProperty('elapsed_ns')
    expect(await answer.json()).toMatchObject({ data: [{ a: 1 }], rows: 1 })
  })

  test('by GET may not write', async () => {
    const answer = await send({ query: 'DROP TABLE d.t' })
    expect([answer.status, answer.headers.get('X-ClickHouse-Exception-Code')]).toEqual([500, '164'])
  })

  test('leaves no setting behind', async () => {
    await said({ max_block_size: '17' }, 'SELECT 1')
    expect(await said({}, "SELECT getSetting('max_block_size') = 17")).toBe('0\n')
  })
})

describe('an error', () => {
  test.each([
    [
      'SELECT * FROM d.nowhere',
      404,
      '60',
      /^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\) \(version \d+\.\d+.* \(official build\)\)\n$/,
    ],
    ['SELEC 1', 400, '62', /SYNTAX_ERROR/],
    ["SELECT throwIf(1, 'boom')", 500, '395', /boom/],
    ['SELECT 1 SETTINGS nonsense = 1', 404, '115', /UNKNOWN_SETTING/],
  ])('%s', async (sql, status, code, text) => {
    const answer = await send({}, sql)
    expect([answer.status, answer.headers.get('X-ClickHouse-Exception-Code')]).toEqual([status, code])
    expect(await answer.text()).toMatch(text)
  })

  test('an unknown setting in the URL', async () => {
    expect((await send({ nonsense: '1' }, 'SELECT 1')).headers.get('X-ClickHouse-Exception-Code')).toBe('115')
  })

  test('wrong passwords are refused, wherever they stand; /ping needs none', async () => {
    for (const answer of [
      await send({ password: '' }, 'SELECT 1'),
      await send({}, 'SELECT 1', { 'X-ClickHouse-Key': 'wrong' }),
      await send({}, 'SELECT 1', { Authorization: `Basic ${btoa('default:wrong')}` }),
      await send({}, 'SELECT 1', { Authorization: 'Bearer abc' }),
    ]) {
      expect([answer.status, answer.headers.get('X-ClickHouse-Exception-Code')]).toEqual([403, '516'])
    }
    expect(await (await fetch(`${front.url}/ping`)).text()).toBe('Ok.\n')
  })
})

describe('an insert', () => {
  test.each<[string, string, string]>([
    ['VALUES', "INSERT INTO d.t VALUES (1, 'x'), (2, NULL)", ''],
    ['JSONEachRow', 'INSERT INTO d.t FORMAT JSONEachRow', '\n{"a":1,"b":"x"}\n{"a":2}\n'],
    ['CSV into some columns', 'INSERT INTO d.t (a) FORMAT CSV', '\n1\n2\n'],
    [
      'input()',
      "INSERT INTO d.t (a, b) SELECT n + 1, toString(n) FROM input('n Int64') WHERE n < 2 FORMAT TSV",
      '\n0\n1\n2\n',
    ],
  ])('%s, in the body, in the URL, and cut in two', async (_, sql, data) => {
    const cut = sql.indexOf('d.t')
    for (const [query, body] of [
      ['', sql + data],
      [sql, data.trimStart()],
      [sql.slice(0, cut), sql.slice(cut) + data],
    ]) {
      await front.ask('TRUNCATE TABLE d.t')
      expect(await said({ query: query! }, body!)).toBe('')
      expect(await front.ask('SELECT sum(a), count() FROM d.t')).toBe('3\t2\n')
    }
  })

  test('a wrong statement is refused though its data would do', async () => {
    const answer = await send({}, 'INSERT INTO d.t NONSENSE FORMAT JSONEachRow\n{"a":1}\n')
    expect([answer.status, answer.headers.get('X-ClickHouse-Exception-Code')]).toEqual([400, '62'])
  })

  test('cut off on its way inserts nothing', async () => {
    await front.ask('TRUNCATE TABLE d.t')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('INSERT INTO d.t FORMAT JSONEachRow\n{"a":1}\n'))
        setTimeout(() => controller.error(new Error('cut off')), 200)
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    await expect(fetch(`${front.url}/?password=secret`, init)).rejects.toThrow()
    expect(await front.ask('SELECT count() FROM d.t')).toBe('0\n')
  })
})

test('gzip, both ways', async () => {
  const body = gzipSync('SELECT number FROM numbers(3) SETTINGS max_block_size = 1')
  const search = 'password=secret&enable_http_compression=1'
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const headers = { 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' }
    const sent = request(`${front.url}/?${search}`, { method: 'POST', headers }, async (answer) => {
      expect(answer.headers['content-encoding']).toBe('gzip')
      resolve(Buffer.concat(await answer.toArray()))
    })
    sent.on('error', reject).end(body)
  })
  expect(gunzipSync(bytes).toString()).toBe('0\n1\n2\n')
})

test("ClickHouse's own client works with it", async () => {
  const compression = { request: true, response: true }
  const client = createClient({
    url: front.url,
    password: 'secret',
    database: 'd',
    compression,
    log: { level: ClickHouseLogLevel.OFF },
  })
  await client.command({ query: 'TRUNCATE TABLE t' })
  await client.insert({
    table: 't',
    values: [
      { a: 1, b: 'x' },
      { a: 2, b: null },
    ],
    format: 'JSONEachRow',
  })
  const rows = await client.query({
    query: 'SELECT * FROM t WHERE a >= {least: Int64} ORDER BY a',
    query_params: { least: 1 },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  expect(await rows.json()).toEqual([
    { a: 1, b: 'x' },
    { a: 2, b: null },
  ])
  await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
    code: '60',
    type: 'UNKNOWN_TABLE',
  })
  const plain = createClient({ url: front.url, password: 'secret', log: { level: ClickHouseLogLevel.OFF } })
  const failing = await plain.query({
    query: "SELECT throwIf(number = 500000, 'boom') AS v FROM numbers(1000000)",
    format: 'JSONEachRow',
    clickhouse_settings: { max_block_size: '1000' },
  })
  const read = async () => {
    for await (const _ of failing.stream());
  }
  // It understands what the front says in the middle of an answer.
  await expect(read()).rejects.toMatchObject({ code: '395', message: expect.stringContaining('boom') })
  expect(await client.ping()).toEqual({ success: true })
  await Promise.all([client.close(), plain.close()])
})
