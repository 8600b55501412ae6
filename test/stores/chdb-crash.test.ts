import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createChdbConnection } from 'chdb/connection'
import { expect, onTestFinished, test } from 'vitest'
import { openChdbArchive } from '../../src/stores/archive/chdb.ts'
import { AT, CARD, readRows, scanOf } from './archive-rows.ts'
import { temporaryFolder } from './temporary-folder.ts'

const WRITER = fileURLToPath(new URL('archive-writer.ts', import.meta.url))

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return folder.path
}

function startWriter(folder: string, batch: number, ...more: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', WRITER, folder, String(batch), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The last number that a process says, asking `stop` after each whether to kill it. */
async function lastSaid(writer: ChildProcess, stop: (said: number) => boolean): Promise<number> {
  let last = 0
  let text = ''
  for await (const chunk of writer.stdout!) {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) last = Number(line)
    if (lines.length > 0 && stop(last)) writer.kill('SIGKILL')
  }
  return last
}

test.each([1, 20_000])(
  'batches of %i rows: killed at any moment, what was acknowledged is there, and nothing by halves',
  async (batch) => {
    const folder = await newFolder()
    let before = 0
    for (let round = 1; round <= 3; round++) {
      const until = before + round * 3 * batch
      const acknowledged = await lastSaid(startWriter(folder, batch), (said) => said >= until)
      expect(acknowledged).toBeGreaterThanOrEqual(until)
      const archive = await openChdbArchive(folder)
      const held = (await archive.lastSequence('events', 'log/a/0'))! + 1
      expect(held).toBeGreaterThanOrEqual(acknowledged)
      expect(held % batch).toBe(0)
      expect(await archive.sequences([{ table: 'events' }], 'log/a/0', held)).toBe(held)
      expect(await archive.stats('events', AT, [CARD], null)).toMatchObject({ rows: held })
      expect(await readRows(archive, scanOf('events'))).toHaveLength(held)
      await archive.close()
      before = held
    }
  },
)

test('a folder that another process holds is refused, and opens when that one is gone', async () => {
  const folder = await newFolder()
  const writer = startWriter(folder, 5)
  await once(writer.stdout!, 'data')
  await expect(openChdbArchive(folder)).rejects.toMatchObject({
    code: 'ARCHIVE_UNAVAILABLE',
    message: expect.stringContaining(`the archive could not open the folder ${folder}`),
  })
  writer.kill('SIGKILL')
  await once(writer, 'exit')
  const archive = await openChdbArchive(folder)
  expect(await archive.lastSequence('events', 'log/a/0')).toBeGreaterThanOrEqual(4)
  await archive.close()
})

test('a process that closes its archive ends by itself, also amid a scan, and the next finds all of it', async () => {
  const folder = await newFolder()
  for (let round = 1; round <= 2; round++) {
    const writer = startWriter(folder, 50, 'end')
    const ended = once(writer, 'exit')
    expect(await lastSaid(writer, () => false)).toBe(50 * round)
    expect(await ended).toEqual([0, null])
  }
})

test('closing ends a scan that is read slowly, and the folder opens again', async () => {
  const folder = await newFolder()
  const acknowledged = await lastSaid(startWriter(folder, 100_000, 'end'), () => false)
  expect(acknowledged).toBe(100_000)
  const first = await openChdbArchive(folder)
  const raw = createChdbConnection({ path: folder })
  const columns = `toString(number) AS id, toDateTime64(number, 3) AS at, toString(sleepEachRow(0.01)) AS card`
  await raw.command({
    query: `CREATE VIEW millrace.sleepy AS SELECT ${columns} FROM numbers(2000) SETTINGS max_block_size = 10`,
  })
  await raw.close()
  const slow = first.scan(scanOf('events'))[Symbol.asyncIterator]()
  await slow.next()
  const sorting = first.scan(scanOf('sleepy'))[Symbol.asyncIterator]().next()
  const killed = expect(sorting).rejects.toMatchObject({ code: 'ARCHIVE_UNAVAILABLE' })
  // An answer to another query shows that the sort has begun.
  await first.stats('events', AT, [], null)
  await Promise.all([first.close(), first.close()])
  await killed
  await expect(slow.next()).rejects.toMatchObject({ code: 'ARCHIVE_UNAVAILABLE' })
  const second = await openChdbArchive(folder)
  expect(await readRows(second, scanOf('events'))).toHaveLength(100_000)
  await second.close()
})
