import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createChdbConnection } from 'chdb/connection'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { planScan } from '../../src/stores/archive/scan-sql.ts'
import { tableAddress } from '../../src/stores/archive/sql-text.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import { AT, CARD, column, ID, insertRows, int, readRows, scanOf, T0 } from './archive-rows.ts'
import { temporaryFolder } from './temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let archive: EventArchive
let raw: ReturnType<typeof createChdbConnection>
beforeAll(async () => {
  folder = await temporaryFolder()
  archive = await openChdbArchive(folder.path)
  raw = createChdbConnection({ path: folder.path })
})
afterAll(async () => {
  await raw.close()
  await archive.close()
  await folder.remove()
})

/** What ClickHouse answers, as lines of tab-separated text. */
async function ask(sql: string): Promise<string[]> {
  let lines = ''
  for await (const chunk of raw.chdb.queryStream(sql, { format: 'TSVRaw' })) lines += chunk.text()
  return lines.split('\n').slice(0, -1)
}

async function filledTable(table: string, rows: number, cards: number): Promise<void> {
  const columns = [ID, AT, CARD]
  await archive.create(table, columns, 'at')
  const row = (i: number) => [`e${i}`, T0 + i * 1_000, `card ${i % cards}`]
  await insertRows(
    archive,
    table,
    columns,
    Array.from({ length: rows }, (_, i) => row(i)),
  )
}

/** A view that fails when it comes to the row with this number, after others were made. */
async function failingView(table: string, at: number): Promise<void> {
  const row = `toString(number) AS id, toDateTime64(1700000000 + number, 3, 'UTC') AS at, toString(number % 5) AS card`
  await raw.command({
    query: `CREATE VIEW millrace.${table} AS SELECT ${row}, throwIf(number = ${at}, 'broken row') AS n FROM numbers(200000) SETTINGS max_block_size = 1000`,
  })
}

describe('what a failed query leaves behind', () => {
  test('a failed scan throws, and spoils no later answer', async () => {
    await filledTable('plain', 10, 5)
    await failingView('failing', 150_000)
    const failing = scanOf('failing', { columns: [column('n', int)] })
    for (let round = 0; round < 3; round++) {
      await expect(readRows(archive, failing)).rejects.toMatchObject({
        code: 'ARCHIVE_TYPE',
        message: expect.stringMatching(/^the archive could not scan failing: broken row$/),
      })
      await expect(archive.stats('failing', AT, [column('n', int)], null)).rejects.toThrow(/broken row/)
      expect(await archive.stats('plain', AT, [CARD], null)).toMatchObject({ rows: 10, keys: 5 })
      expect(await readRows(archive, scanOf('plain'))).toHaveLength(10)
      expect((await archive.describe('plain'))!.columns.has('card')).toBe(true)
    }
  })

  test('a failed insert spoils no later one', async () => {
    await raw.command({
      query: 'CREATE TABLE millrace.small (id String, at DateTime64(3), v UInt8) ENGINE = MergeTree ORDER BY at',
    })
    const columns = [ID, AT, column('v', int)]
    for (const [i, value] of [1, 256, 2, -1, 3].entries()) {
      const inserted = insertRows(archive, 'small', columns, [[`e${i}`, T0, value]])
      if (value === 256 || value === -1) await expect(inserted).rejects.toMatchObject({ code: 'ARCHIVE_TYPE' })
      else await inserted
    }
    expect(await ask('SELECT v FROM millrace.small ORDER BY v')).toEqual(['1', '2', '3'])
  })

  test('a broken-off scan does not go on', async () => {
    await filledTable('long', 200_000, 100_000)
    for await (const _ of archive.scan(scanOf('long'))) break
    expect(
      await ask("SELECT query FROM system.processes WHERE query LIKE '%long%' AND query NOT LIKE '%processes%'"),
    ).toEqual([])
  })
})

describe('inserts', () => {
  test('a call becomes one part, however many rows it has', async () => {
    await raw.command({ query: 'SYSTEM STOP MERGES' })
    await archive.create('parts', [ID, AT], 'at')
    for (const rows of [1_300_000, 100_000, 1]) {
      await archive.insert({
        table: 'parts',
        columns: [ID, AT],
        values: [new Array<string>(rows).fill('e'), new Array<number>(rows).fill(T0)],
        origins: new Array<string>(rows).fill('log/a/0'),
        sequences: Array.from({ length: rows }, (_, i) => i),
        arrived_ms: new Array<number>(rows).fill(T0),
      })
    }
    const parts = await ask("SELECT rows FROM system.parts WHERE table = 'parts' AND active ORDER BY rows")
    expect(parts).toEqual(['1', '100000', '1300000'])
    await raw.command({ query: 'SYSTEM START MERGES' })
  })

  test('are on disk when they are answered: the table says so', async () => {
    await archive.create('durable', [ID, AT], 'at')
    const [engine] = await ask("SELECT engine_full FROM system.tables WHERE name = 'durable'")
    for (const setting of ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'min_rows_to_fsync_after_merge = 1']) {
      expect(engine).toContain(setting)
    }
  })

  test('leave no file behind, refused or not', async () => {
    await archive.create('files', [ID, AT], 'at')
    await insertRows(archive, 'files', [ID, AT], [['e', T0]])
    await expect(insertRows(archive, 'files', [ID, AT], [['e', 'soon']])).rejects.toThrow(/not a safe integer/)
    expect((await readdir(folder.path)).filter((name) => name.startsWith('.insert'))).toEqual([])
  })

  test('of many callers at once, beside scans and counts, are all there', async () => {
    await filledTable('busy', 70_000, 20)
    const columns = [ID, AT, CARD]
    const calls = Array.from({ length: 40 }, async (_, i) => {
      if (i % 4 === 0)
        return readRows(archive, scanOf('busy', { part: i % 3, parts: 3 })).then((rows) => rows.length > 0)
      if (i % 4 === 1) return archive.stats('busy', AT, [CARD], null).then(({ rows }) => rows >= 70_000)
      await insertRows(archive, 'busy', columns, [[`x${i}`, T0, `card ${i}`]], { origin: `log/${i}/0` })
      return (await archive.lastSequence('busy', `log/${i}/0`)) === 0
    })
    expect(await Promise.all(calls)).toEqual(calls.map(() => true))
    expect(await archive.stats('busy', AT, [], null)).toMatchObject({ rows: 70_020 })
  })
})

test('a range of times reads only its part of the table', async () => {
  await filledTable('ranged', 100_000, 10)
  const described = (await archive.describe('ranged'))!
  const scan = scanOf('ranged', { from_ms: T0 + 50_000_000, to_ms: T0 + 51_000_000 })
  const { sql } = planScan(tableAddress('ranged', 'millrace'), described, scan)
  // A plan cannot be streamed.
  const plan = (await raw.chdb.queryAsync(`EXPLAIN indexes = 1 ${sql}`, { format: 'TSVRaw' })).text()
  const [, read, all] = /Granules: (\d+)\/(\d+)/.exec(plan)!
  expect(Number(all)).toBeGreaterThan(10)
  expect(Number(read)).toBeLessThanOrEqual(2)
})

test('a table of somebody else that names no database is theirs in ours, or with its database', async () => {
  await raw.command({ query: 'CREATE DATABASE theirs' })
  await raw.command({ query: 'CREATE TABLE theirs.t (id UInt64, at DateTime64(3)) ENGINE = MergeTree ORDER BY at' })
  await raw.command({
    query: `INSERT INTO theirs.t SELECT number, fromUnixTimestamp64Milli(toInt64(${T0})) FROM numbers(3)`,
  })
  expect(await archive.describe('t')).toBeNull()
  expect(await readRows(archive, scanOf('theirs.t', { key: [ID] }))).toHaveLength(3)
})

test('a worker thread is told to leave it to the main one, before it has loaded what would crash the process', async () => {
  const file = new URL('../../src/stores/archive/chdb.ts', import.meta.url).href
  const open = `import('tsx/esm/api').then(({ tsImport }) => tsImport('${file}', '${import.meta.url}')).then((found) => found.openChdbArchive('x'))`
  const worker = new Worker(
    `${open}.catch((error) => require('node:worker_threads').parentPort.postMessage(error.message))`,
    {
      eval: true,
    },
  )
  const [message] = await once(worker, 'message')
  expect(message).toBe('the embedded archive cannot be opened in a worker thread: open it in the main one')
  await worker.terminate()
})

test('a second folder in one process is refused until the first is closed', async () => {
  const other = join(folder.path, 'other')
  await expect(openChdbArchive(other)).rejects.toMatchObject({
    code: 'ARCHIVE_UNAVAILABLE',
    message: expect.stringContaining(other),
  })
})
