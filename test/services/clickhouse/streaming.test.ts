import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClickHouseFront, type FrontFlags } from '../../../scripts/servers/clickhouse-front/front-process.ts'
import { archiveError } from '../../../src/stores/archive/clickhouse-link.ts'
import { openClickHouseArchive } from '../../../src/stores/archive/http/archive.ts'
import { HttpLink } from '../../../src/stores/archive/http/link.ts'
import { clickHouseTarget } from '../../../src/stores/archive/http/target.ts'
import type { EventArchive } from '../../../src/stores/event-archive.ts'
import { AT, CARD, column, ID, insertRows, readRows, scanOf, T0, text } from '../../stores/archive-rows.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'

/** Rows of the big table, about 60 bytes each in an answer. */
const ROWS = 1_500_000
const WORD = column('word', text)
const BIG = scanOf('big', { columns: [WORD] })

/** What lies in buffers between the front and a reader that has stopped: two sockets' and some chunks. */
const UNDERWAY_BYTES_MAX = 24 * 2 ** 20

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const fronts: ClickHouseFront[] = []
async function started(name: string, flags: FrontFlags = {}): Promise<ClickHouseFront> {
  const front = await ClickHouseFront.start(`${folder.path}/${name}`, flags)
  fronts.push(front)
  return front
}

let front: ClickHouseFront
let old: ClickHouseFront
let archive: EventArchive
beforeAll(async () => {
  folder = await temporaryFolder()
  front = await started('new')
  old = await started('old', { 'no-tag': true })
  archive = await openClickHouseArchive({ url: front.url, database: 'events' })
  await archive.create('big', [ID, AT, CARD, WORD], 'at')
  const row = `toString(number), fromUnixTimestamp64Milli(toInt64(${T0} + number)), toString(number % 1000), hex(sipHash128(number))`
  await front.ask(`INSERT INTO events.big (id, at, card, word) SELECT ${row} FROM numbers(${ROWS})`)
})
afterAll(async () => {
  await archive.close()
  for (const one of fronts) await one.stop()
  await folder.remove()
})

/** What the front has given once it gives no more. */
async function writtenAtRest(): Promise<number> {
  for (let last = -1; ; ) {
    const { written_bytes } = await front.stats()
    if (written_bytes === last) return written_bytes
    last = written_bytes
    await sleep(500)
  }
}

async function untilIdle(): Promise<void> {
  while ((await front.stats()).open_queries > 0) await sleep(20)
}

describe('a long answer', () => {
  test.each([false, true])('waits for a reader that stops, and goes on when it does; gzip: %s', async (response) => {
    const reader = await openClickHouseArchive({ url: front.url, database: 'events', compression: { response } })
    await untilIdle()
    const before = (await front.stats()).written_bytes
    const blocks = reader.scan(BIG)[Symbol.asyncIterator]()
    let rows = (await blocks.next()).value.rows
    const underway = (await writtenAtRest()) - before
    expect(underway).toBeLessThan(UNDERWAY_BYTES_MAX)
    expect((await front.stats()).open_queries).toBe(1)
    for (let next = await blocks.next(); !next.done; next = await blocks.next()) rows += next.value.rows
    expect(rows).toBe(ROWS)
    expect((await front.stats()).written_bytes - before).toBeGreaterThan(3 * UNDERWAY_BYTES_MAX)
    await reader.close()
  })

  test('is packed only where that is asked for', async () => {
    for (const response of [false, true]) {
      const before = await front.stats()
      const link = new HttpLink(clickHouseTarget({ url: front.url, compression: { response } }))
      let bytes = 0
      for await (const chunk of link.scan("SELECT repeat('x', 1000) FROM numbers(10000)")) bytes += chunk.length
      await link.close()
      const { written_bytes, packed_bytes } = await front.stats()
      expect(bytes).toBeGreaterThan(10_000_000)
      expect(written_bytes - before.written_bytes).toBe(bytes)
      const packed = packed_bytes - before.packed_bytes
      expect([packed > 0, packed < bytes / 20]).toEqual([response, true])
    }
  })

  test('ends on the server when its reader breaks off, and when the archive is closed', async () => {
    const other = await openClickHouseArchive({ url: front.url, database: 'events' })
    for await (const _ of other.scan(BIG)) break
    await untilIdle()
    // This one sorts for hours before it answers anything.
    await front.ask(
      'CREATE VIEW events.sleepy AS SELECT *, sleepEachRow(0.05) AS nap FROM events.big SETTINGS max_block_size = 10',
    )
    const nap = column('nap', { kind: 'int' })
    const sorting = readRows(other, scanOf('sleepy', { columns: [nap] }))
    const ended = expect(sorting).rejects.toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      message: expect.stringMatching(/was closed/),
    })
    // The scan itself, and not what asks for its table's columns before it.
    const running = "SELECT count() FROM system.processes WHERE query LIKE '%nap%' AND query NOT LIKE '%processes%'"
    while ((await front.ask(running)) === '0\n') await sleep(20)
    await other.close()
    await ended
    while ((await front.ask(running)) !== '0\n') await sleep(50)
    await untilIdle()
  })

  test('keeps nobody else waiting, however many there are', async () => {
    await archive.create('small', [ID, AT], 'at')
    const open = Array.from({ length: 12 }, (_, part) =>
      archive.scan({ ...BIG, part, parts: 12 })[Symbol.asyncIterator](),
    )
    const first = await Promise.all(open.map((blocks) => blocks.next()))
    expect(first.every(({ done }) => done !== true)).toBe(true)
    await insertRows(archive, 'small', [ID, AT], [['a', T0]], { origin: 'log/a/0' })
    expect(await archive.lastSequence('small', 'log/a/0')).toBe(0)
    for (const blocks of open) await blocks.return?.()
  })
})

describe('an exception in the middle of an answer', () => {
  const SQL = "SELECT number, throwIf(number = 1000000, 'boom') FROM numbers(2000000) SETTINGS max_block_size = 10000"

  /** What came before, and the failure. */
  async function read(one: ClickHouseFront, response: boolean, pause_ms: number, sql: string) {
    const link = new HttpLink(clickHouseTarget({ url: one.url, compression: { response } }))
    let bytes = 0
    try {
      for await (const chunk of link.scan(sql)) {
        bytes += chunk.length
        if (pause_ms > 0) await sleep(pause_ms)
      }
      return { bytes, error: null }
    } catch (error) {
      return { bytes, error: archiveError('read', error) }
    } finally {
      await link.close()
    }
  }

  test.each([
    ['tagged', false, 0],
    ['tagged', false, 5],
    ['tagged', true, 0],
    ['tagged', true, 5],
    ['before tags', false, 0],
    ['before tags', false, 5],
    ['before tags', true, 5],
  ] as const)('is understood: %s, gzip %s, its reader pausing for %i ms', async (form, response, pause_ms) => {
    const { bytes, error } = await read(form === 'tagged' ? front : old, response, pause_ms, SQL)
    expect(bytes).toBeGreaterThan(1_000_000)
    expect(error).toMatchObject({ code: 'ARCHIVE_TYPE', message: 'the archive could not read: boom' })
  })

  test('one for lack of memory may be tried again, when others have ended', async () => {
    const sql =
      "SELECT number, throwIf(number = 1000000, 'boom', 241::Int16) FROM numbers(2000000) SETTINGS max_block_size = 10000, allow_custom_error_code_in_throwif = 1"
    const { error } = await read(front, false, 0, sql)
    expect(error).toMatchObject({ code: 'ARCHIVE_UNAVAILABLE', retryable: true, retry_after_ms: 10_000 })
  })

  test('values that look like one are values', async () => {
    for (const one of [front, old]) {
      const fake = "concat('\\r\\n__exception__\\r\\nCode: 60. DB::Exception: no', repeat('x', 100))"
      const { bytes, error } = await read(one, false, 0, `SELECT ${fake} FROM numbers(100000)`)
      expect(error).toBeNull()
      expect(bytes).toBeGreaterThan(13_000_000)
    }
  })
})

describe('a server that says nothing is given up', () => {
  test('in time, and asked again later', async () => {
    const timeouts = { answer_ms: 2_000 }
    const hasty = await openClickHouseArchive({ url: front.url, database: 'events', timeouts })
    await front.signal('SIGSTOP')
    await expect(hasty.describe('big')).rejects.toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      retry_after_ms: 10_000,
      message: expect.stringMatching(/said nothing for 2000 ms: try again, or raise timeouts\.answer_ms/),
    })
    await front.signal('SIGCONT')
    await expect
      .poll(async () => (await hasty.describe('big'))?.columns.has('word'), { timeout: 60_000, interval: 500 })
      .toBe(true)
    await hasty.close()
  })

  test('but the time that a reader takes is its own', async () => {
    const link = new HttpLink(clickHouseTarget({ url: front.url, timeouts: { scan_ms: 2_000 } }))
    let bytes = 0
    for await (const chunk of link.scan('SELECT number FROM numbers(5000000)')) {
      if (bytes === 0) await sleep(2_500)
      bytes += chunk.length
    }
    expect(bytes).toBeGreaterThan(40_000_000)
    await link.close()
  })
})
