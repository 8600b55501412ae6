import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openEmbeddedEventLog } from '../../src/stores/log/embedded.ts'
import { openEmbeddedOnlineStore } from '../../src/stores/online/embedded.ts'
import { KEYS, stepMessages, stepRows } from './durability-steps.ts'
import { readAll } from './log-messages.ts'
import { range } from './numbered-rows.ts'
import { SeededRandom } from './seeded-random.ts'
import { temporaryFolder } from './temporary-folder.ts'

const WRITER = fileURLToPath(new URL('durability-writer.ts', import.meta.url))
const ARGUMENTS = ['--import', 'tsx', WRITER]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

/** Starts a writer, kills it shortly after it has printed so many lines, and answers all that it printed. */
async function writeAndKill(kind: string, random: SeededRandom): Promise<string[]> {
  const linesMin = 1 + random.below(120)
  const later_ms = random.below(8)
  const child = spawn(process.execPath, [...ARGUMENTS, kind, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    if (text.split('\n').length > linesMin) setTimeout(() => child.kill('SIGKILL'), later_ms)
  })
  expect(await exited).toEqual([null, 'SIGKILL'])
  // A line that was cut off is not an acknowledgement that anybody has seen.
  return text.split('\n').slice(0, -1)
}

function last(lines: readonly string[], word: string): number {
  const line = lines.findLast((text) => text.startsWith(`${word} `))
  return line === undefined ? -1 : Number(line.slice(word.length + 1))
}

it('loses nothing of the online store when the process is killed, and no mark is ahead of its rows', async () => {
  const random = new SeededRandom(42)
  let appended = -1
  let removed = -1
  for (let round = 0; round < 6; round++) {
    const lines = await writeAndKill('online', random)
    appended = Math.max(appended, last(lines, 'appended'))
    removed = Math.max(removed, last(lines, 'removed'))
    const store = await openEmbeddedOnlineStore(folder.path)
    const mark = (await store.marks('g'))[0]!.offset
    expect(mark).toBeGreaterThan(appended)
    const expected = new Map(range(0, KEYS).map((i) => [`k${i}`, [] as string[]]))
    for (let step = 0; step < mark; step++) {
      for (const { key, rows } of stepRows(step)) expected.get(key)!.push(rows.toString('hex'))
    }
    const found = await store.read([...expected.keys()])
    for (const [i, rows] of [...expected.values()].entries()) {
      const hex = Buffer.from(found[i] ?? []).toString('hex')
      expect((hex.match(/.{16}/g) ?? []).sort()).toEqual(rows.sort())
    }
    for await (const key of store.keys('gone:')) expect(Number(key.slice(5))).toBeGreaterThan(removed)
    await store.close()
  }
  expect(appended).toBeGreaterThan(100)
  expect(removed).toBeGreaterThan(0)
})

it('loses nothing of the log when the process is killed, and uses no offset twice', async () => {
  const random = new SeededRandom(43)
  const appended = new Set<number>()
  for (let round = 0; round < 4; round++) {
    const lines = await writeAndKill('log', random)
    for (const line of lines) if (line.startsWith('appended ')) appended.add(Number(line.slice(9)))
    const log = await openEmbeddedEventLog(folder.path, { now: Date.now })
    expect((await log.committed('g', 't')).get(0) ?? 0).toBeGreaterThan(last(lines, 'committed'))
    const found = new Map<string, number>()
    for (const { partition, start, end } of await log.ranges('t')) {
      expect(start).toBe(0)
      const { texts } = await readAll(log, 't', partition, 0)
      expect(texts).toHaveLength(end)
      for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1)
    }
    for (const step of appended) {
      for (const { value } of stepMessages(step)) expect(found.has(value.toString())).toBe(true)
    }
    // A call that was not acknowledged is there as a whole or not at all; one that was sent again is there again.
    for (const text of found.keys()) {
      for (const { value } of stepMessages(Number.parseInt(text, 10))) {
        expect(found.get(value.toString())).toBe(found.get(text))
      }
    }
    await log.close()
  }
  expect(appended.size).toBeGreaterThan(40)
})

// A limit on the size of files makes a write fail as a full disk does; `prlimit` (Linux) takes it away again.
const limited = spawnSync('prlimit', ['--version']).status === 0

it.skipIf(!limited)(
  'says so when the disk is full, keeps what was acknowledged, and goes on when there is room',
  async () => {
    const script = 'ulimit -S -f 20000 && exec "$0" "$@"'
    const child = spawn('sh', ['-c', script, process.execPath, ...ARGUMENTS, 'full', folder.path], {
      // What LMDB itself says of the failed write would only look like a failed test.
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const exited = once(child, 'exit')
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    expect(await exited).toEqual([0, null])
    const lines = text.trim().split('\n')
    const failed = lines.findIndex((line) => line.startsWith('failed'))
    expect(failed).toBeGreaterThan(40)
    expect(lines[failed]).toBe('failed STORE_WRITE_FAILED 100000')
    const steps = range(0, failed + 50)
    expect(lines.toSpliced(failed, 1)).toEqual(steps.map((step) => `appended ${step}`))
    const store = await openEmbeddedOnlineStore(folder.path)
    for (const step of steps) expect((await store.read([`k${step}`]))[0]).toHaveLength(100_000)
    expect((await store.marks('g'))[0]!.offset).toBe(steps.length)
    await store.close()
  },
)
