import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClickHouseFront, type FrontStats } from '../../../scripts/servers/clickhouse-front/front-process.ts'
import { openClickHouseArchive } from '../../../src/stores/archive/http/archive.ts'
import { ArchiveError, type EventArchive } from '../../../src/stores/event-archive.ts'
import { AT, CARD, ID, insertRows, readRows, scanOf, T0 } from '../../stores/archive-rows.ts'
import { temporaryFolder } from '../../stores/temporary-folder.ts'

const COLUMNS = [ID, AT, CARD]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let front: ClickHouseFront
let archive: EventArchive
beforeAll(async () => {
  folder = await temporaryFolder()
  front = await ClickHouseFront.start(folder.path)
  archive = await openClickHouseArchive({ url: front.url, database: 'events' })
})
afterAll(async () => {
  await archive.close()
  await front.stop()
  await folder.remove()
})

function rows(count: number): (string | number)[][] {
  return Array.from({ length: count }, (_, i) => [`event number ${i}`, T0 + i, `card ${i % 1_000}`])
}

async function failureOf(happening: Promise<unknown>): Promise<ArchiveError | null> {
  const error = await happening.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error !== null) expect(error).toBeInstanceOf(ArchiveError)
  return error as ArchiveError | null
}

test('killed in the middle of a scan: says so, and the scan works again after its restart', async () => {
  await archive.create('scanned', COLUMNS, 'at')
  for (let batch = 0; batch < 4; batch++) {
    await insertRows(archive, 'scanned', COLUMNS, rows(100_000), { first: batch * 100_000 })
  }
  for (const when of ['after the first block', 'before it']) {
    const blocks = archive.scan(scanOf('scanned'))[Symbol.asyncIterator]()
    const reading = async () => {
      for (let next = await blocks.next(); !next.done; next = await blocks.next()) await sleep(50)
    }
    if (when === 'after the first block') await blocks.next()
    const failed = failureOf(reading())
    if (when === 'before it') while ((await front.stats()).open_queries === 0) await sleep(5)
    await front.signal('SIGKILL')
    const error = (await failed)!
    expect(error.message).toMatch(
      /^the archive could not scan scanned: (the connection to ClickHouse .* was lost|nothing listens)/,
    )
    expect([error.code, error.retryable, error.retry_after_ms]).toEqual(['ARCHIVE_UNAVAILABLE', true, 1_000])
    const down = await failureOf(archive.describe('scanned'))
    expect(down!.message).toMatch(/nothing listens at .*: start ClickHouse, or correct the address/)
    await front.start()
    expect(await readRows(archive, scanOf('scanned'))).toHaveLength(400_000)
  }
})

describe('killed in the middle of an insert: all of it is there or nothing', () => {
  const COUNT = 200_000
  const moments: readonly (readonly [string, (stats: FrontStats, before: FrontStats) => boolean, number])[] = [
    ['as it arrives', ({ requests }, before) => requests > before.requests, 0],
    ['when it has arrived', ({ open_queries }) => open_queries > 0, 0],
    ['20 ms later', ({ open_queries }) => open_queries > 0, 20],
    ['40 ms later', ({ open_queries }) => open_queries > 0, 40],
    ['60 ms later', ({ open_queries }) => open_queries > 0, 60],
    ['when it may be over', ({ open_queries }) => open_queries > 0, 200],
  ]
  let first = 0
  beforeAll(() => archive.create('inserted', COLUMNS, 'at'))

  test.each(moments)('%s', async (_, isTime, later_ms) => {
    const held = (await archive.stats('inserted', AT, [], null)).rows
    const before = await front.stats()
    const origin = { origin: 'log/a/0', first }
    const failed = failureOf(insertRows(archive, 'inserted', COLUMNS, rows(COUNT), origin))
    // Until then, or until it is over: a small machine may be quicker than the looking.
    const over = failed.then(() => true)
    while (!(await Promise.race([over, front.stats().then((stats) => isTime(stats, before))])));
    await sleep(later_ms)
    await front.signal('SIGKILL')
    const error = await failed
    await front.start()
    const { rows: now } = await archive.stats('inserted', AT, [], null)
    expect([held, held + COUNT]).toContain(now)
    if (error === null) expect(now).toBe(held + COUNT)
    else expect([error.code, error.retry_after_ms]).toEqual(['ARCHIVE_UNAVAILABLE', 1_000])
    // The same insert again, as whoever was not answered does it.
    if (error !== null) await insertRows(archive, 'inserted', COLUMNS, rows(COUNT), origin)
    first += COUNT
    expect(await archive.sequences([{ table: 'inserted' }], 'log/a/0', first)).toBe(first)
    expect(await archive.lastSequence('inserted', 'log/a/0')).toBe(first - 1)
  })
})

test('an archive cannot be opened while it is away, and can later', async () => {
  await front.signal('SIGKILL')
  const options = { url: front.url, database: 'events' }
  expect(await failureOf(openClickHouseArchive(options))).toMatchObject({
    code: 'ARCHIVE_UNAVAILABLE',
    retryable: true,
  })
  await front.start()
  const opened = await openClickHouseArchive(options)
  expect(await opened.describe('inserted')).not.toBeNull()
  await opened.close()
})
