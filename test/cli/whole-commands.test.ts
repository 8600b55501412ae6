import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EngineStatus } from '../../src/cli/engine-status.ts'
import type { FeatureEvents } from '../../src/serving/feature-events.ts'
import { SeededRandom } from '../stores/seeded-random.ts'
import { decimal, parquetBytes, TEXT, timestamp } from './parquet-writing.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, 'bin/millrace.js')
const LOADER = join(ROOT, 'node_modules/tsx/dist/loader.mjs')
const KILLED_INGEST = join(import.meta.dirname, 'killed-ingest.ts')

const DEFINITIONS = `
import { count, entity, featureGroup, featureService, money, source, sum, z } from 'millrace'
export const payments = source('payments', {
  schema: z.object({ id: z.string(), at: z.int(), card_id: z.string(), amount: money({ scale: 2 }) }),
  id: 'id', time: 'at', stream: { topic: 'payments' }, archive: { table: 'payments' },
})
export const card = entity('card', { key: { card_id: z.string() } })
export const spending = featureGroup('spending', {
  source: payments, entity: card, features: { n: count().over('400d'), total: sum(payments.amount).over('400d') },
})
export const profile = featureService('profile', { features: [spending] })
`

const COUNT = 60_000
const CARDS = 50
const BEGIN_MS = Date.UTC(2025, 0, 1)
const BAD = new Set([7, 31_007, 59_999])
const lines = Array.from({ length: COUNT }, (_, i) =>
  BAD.has(i)
    ? '{'
    : JSON.stringify({
        id: `p${i}`,
        at: BEGIN_MS + i * 1_000,
        card_id: `c${i % CARDS}`,
        amount: '0.01',
        text: 'x'.repeat(100),
      }),
)
const rows = Array.from({ length: COUNT }, (_, i) => i)
const PARQUET = parquetBytes([
  { name: 'id', element: TEXT, data: rows.map((i) => (BAD.has(i) ? null : `p${i}`)) },
  { name: 'at', element: timestamp('MICROS'), data: rows.map((i) => BigInt(BEGIN_MS + i * 1_000) * 1_000n) },
  { name: 'card_id', element: TEXT, data: rows.map((i) => `c${i % CARDS}`) },
  { name: 'amount', element: decimal(9, 2), data: rows.map(() => 1n) },
  { name: 'text', element: TEXT, data: rows.map((i) => `x${i}`) },
])
/** What one card has: none of the bad lines is c3's. */
const OF_CARD = COUNT / CARDS

let folder: string
const running = new Set<ChildProcess>()
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  mkdirSync(join(folder, 'feature-defs'))
  writeFileSync(join(folder, 'feature-defs/payments.ts'), DEFINITIONS)
  writeFileSync(join(folder, 'payments.ndjson'), lines.join('\n'))
  writeFileSync(join(folder, 'payments.parquet'), PARQUET)
  writeFileSync(join(folder, 'payments.ndjson.gz'), gzipSync(`${lines.join('\n')}\n`))
})
afterEach(async () => {
  // Gone before the folder goes.
  for (const child of running) {
    const exited = once(child, 'exit')
    if (child.kill('SIGKILL')) await exited
  }
  running.clear()
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[]): Promise<Ended & { readonly signal: NodeJS.Signals | null }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { cwd: folder }, (_, stdout, stderr) =>
      done({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    )
  })
}

async function millrace(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await run([BIN, ...args])
  return { code, stdout, stderr }
}

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await millrace(...args, '--json')
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as T
}

/** Starts `millrace dev` and answers it with its URL. */
async function dev(data: string, ...args: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [BIN, 'dev', '--data', data, '--port', '0', '--json', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  for await (const line of createInterface({ input: child.stdout! })) {
    const told = JSON.parse(line) as { event: string; url?: string }
    if (told.event !== 'ready') continue
    // Nothing that it says later may stay in the pipe until that is full.
    child.stdout!.resume()
    return { child, url: told.url! }
  }
  throw new Error('dev ended before it was ready')
}

/** How far the ingest of a file has come, by its note. */
function linesNoted(data: string): number {
  const notes = join(folder, data, 'ingest')
  const name = existsSync(notes) ? readdirSync(notes).find((file) => file.endsWith('.json')) : undefined
  if (name === undefined) return 0
  return (JSON.parse(readFileSync(join(notes, name), 'utf8')) as { position: { line: number } }).position.line
}

/** Starts an ingest that is killed so long after it has noted so many lines, or at the latest when all that is left to note is its end. */
async function ingestAndKill(args: string[], data: string, noted: number, later_ms: number): Promise<void> {
  const killing = ['--import', LOADER, KILLED_INGEST, String(noted), String(later_ms)]
  const { signal, stderr } = await run([...killing, ...args, '--data', data])
  expect(signal, stderr).toBe('SIGKILL')
}

interface Ingested {
  readonly accepted: number
  readonly rejected: number
  readonly rejected_file: string
  readonly done_before: boolean
  readonly finished: boolean
}

function rejectedLines(path: string): number[] {
  const text = readFileSync(path, 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { line: number }).line)
}

const AT = ['--at', String(BEGIN_MS + COUNT * 1_000)]
const countOf = (card: string, data: string) =>
  json<FeatureEvents>('events', 'spending__n_400d', '--keys', `card_id=${card}`, '--limit', '0', '--data', data, ...AT)

describe('an ingest that is killed again and again', () => {
  it.each([
    ['payments.ndjson.gz', 'log'],
    ['payments.parquet', 'log-parquet'],
  ])('puts every event of %s into the log, each counted once', async (file, data) => {
    const random = new SeededRandom(3)
    for (let round = 0; round < 4; round++) {
      const noted = linesNoted(data) + random.below(10_000)
      await ingestAndKill(['payments', file], data, noted, random.below(30))
    }
    const ended = await json<Ingested>('ingest', 'payments', file, '--data', data)
    expect(ended).toMatchObject({ accepted: COUNT - BAD.size, rejected: BAD.size, finished: true, done_before: false })
    expect(rejectedLines(ended.rejected_file)).toEqual([...BAD].map((i) => i + 1))
    expect(await countOf('c3', data)).toMatchObject({ value: OF_CARD, total: OF_CARD })
    const again = await millrace('ingest', 'payments', file, '--data', data)
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('nothing was done. --again ingests it once more')
  })

  it('puts every event into the archive, each once, and a backfill counts them', async () => {
    const random = new SeededRandom(5)
    const load = ['payments', 'payments.ndjson', '--archive']
    for (let round = 0; round < 3; round++) {
      await ingestAndKill(load, 'archive', linesNoted('archive'), random.below(200))
    }
    const ended = await json<Ingested>('ingest', ...load, '--data', 'archive')
    expect(ended).toMatchObject({ accepted: COUNT - BAD.size, rejected: BAD.size, finished: true })
    expect(rejectedLines(ended.rejected_file)).toEqual([...BAD].map((i) => i + 1))
    const flags = ['--data', 'archive', '--clock', 'history']
    const { sources } = await json<EngineStatus>('status', ...flags)
    expect(sources.payments!.archive!.rows).toBe(COUNT - BAD.size)
    const filled = await json<{ ok: boolean; done: { rows: number }[] }>('backfill', ...flags)
    expect(filled).toMatchObject({ ok: true, done: [{ rows: COUNT - BAD.size }], failed: [] })
    // The folder remembers its clock.
    expect(await countOf('c3', 'archive')).toMatchObject({ value: OF_CARD, total: OF_CARD, status: 'ok' })
  })
})

describe('while dev holds the data folder', () => {
  it('the commands act through it, a second dev is told who holds it, and a kill frees it at once', async () => {
    const { child, url } = await dev('held', '--clock', 'history')
    const second = await millrace('dev', '--data', 'held', '--port', '0')
    expect(second).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `millrace dev: the data folder held is in use by 'millrace dev' (process ${child.pid}, ${url}); ` +
        `stop it first (kill ${child.pid}), or give this one a folder of its own with --data\n`,
    })
    const load = await millrace('ingest', 'payments', 'payments.ndjson', '--data', 'held')
    expect(load.code).toBe(1)
    expect(load.stdout).toContain('59,997 events in the log of payments')
    expect(load.stderr).toContain(
      '3 lines were rejected: see payments.ndjson.rejected.ndjson\n  line 8: the line is not JSON',
    )
    await expect.poll(async () => (await countOf('c3', 'held')).value, { timeout: 120_000 }).toBe(OF_CARD)
    const vector = await json<{ features: Record<string, unknown> }>(
      'get',
      'profile',
      '--keys',
      'card_id=c4',
      '--data',
      'held',
      ...AT,
    )
    expect(vector.features).toMatchObject({ spending__n_400d: OF_CARD, spending__total_400d: OF_CARD })
    expect(await json('status', '--data', 'held')).toMatchObject({ running: true, url, pid: child.pid })
    expect(await json('plan', '--data', 'held')).toMatchObject({
      features: { added: [], kept: 2 },
      services: { kept: ['profile'] },
    })
    expect((await millrace('check', '--data', 'held')).code).toBe(0)

    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    expect(await countOf('c3', 'held')).toMatchObject({ value: OF_CARD, total: OF_CARD })
    expect(await json('status', '--data', 'held')).toMatchObject({ running: false, url: null })
  })

  it('an answer by its own definitions is told from one by those that have changed since', async () => {
    mkdirSync(join(folder, 'changed-defs'))
    const more = DEFINITIONS.replace('n: count()', "days: count().over('1d'), n: count()")
    writeFileSync(join(folder, 'changed-defs/payments.ts'), more)
    await dev('changed')
    const get = ['get', 'profile', '--keys', 'card_id=c1', '--data', 'changed']
    expect((await millrace(...get)).stderr).toBe('')
    const { stdout, stderr } = await millrace(...get, '--defs', 'changed-defs')
    const { version, features } = JSON.parse(stdout) as { version: string; features: object }
    expect(Object.keys(features)).toEqual(['spending__n_400d', 'spending__total_400d'])
    expect(stderr).toMatch(
      new RegExp(
        `^a running dev has answered by its own definitions: it serves profile ${version}, and these definitions are ` +
          '[0-9a-f]{16}; it serves these when its own folder has them without errors\n$',
      ),
    )
    expect(stderr).not.toContain(`are ${version}`)
  })

  it('Ctrl-C ends it in order, and frees the folder', async () => {
    const { child } = await dev('stopped')
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    expect(existsSync(join(folder, 'stopped/lock'))).toBe(false)
  })
})

describe('a dry run', () => {
  it('writes nothing, and ends as the ingest would', async () => {
    const args = ['ingest', 'payments', 'payments.parquet', '--data', 'dry', '--dry-run']
    const { code, stdout } = await millrace(...args)
    expect(code).toBe(1)
    expect(stdout).toBe(
      'payments.parquet: 59,997 events would go into the log of payments, 3 would be rejected; nothing was written\n' +
        '  3 rows (lines 8, 31,008, 60,000): id is null, but it is required\n' +
        '  times: 2025-01-01T00:00:00.000Z to 2025-01-01T16:39:58.000Z\n' +
        '  not used of the file: text\n',
    )
    expect(await json(...args, '--limit', '7', '--map', 'card_id=text', '--map', 'amount=amount')).toMatchObject({
      would_accept: 7,
      would_reject: 0,
      whole: false,
      unused_columns: ['card_id'],
    })
    expect(existsSync(join(folder, 'dry'))).toBe(false)
  })
})

describe('what is told, and where', () => {
  it('standard input is read, and Ctrl-C says what is in', async () => {
    const args = [BIN, 'ingest', 'payments', '-', '--data', 'pipe', '--json']
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(child)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => (stdout += text))
    child.stderr.on('data', (text: Buffer) => (stderr += text))
    child.stdin.write(`${lines.slice(0, 5).join('\n')}\n${lines[5]!.slice(0, 20)}`)
    // By then it listens for signals; it waits for the rest of the last line.
    await expect.poll(() => existsSync(join(folder, 'pipe/ingest')), { timeout: 120_000 }).toBe(true)
    // Not its exit: what it wrote may come after that.
    const closed = once(child, 'close')
    child.kill('SIGINT')
    expect(await closed).toEqual([130, null])
    const { accepted } = JSON.parse(stdout) as Ingested
    expect([0, 5]).toContain(accepted)
    expect(stderr).toBe('stopped: what was read is in; standard input cannot be gone on with\n')
  })

  it('lines of JSON with other names are told how to map them', async () => {
    writeFileSync(join(folder, 'other.ndjson'), `{"tx":"p","at":${BEGIN_MS},"card_id":"c","amount":"1"}\n`)
    const args = ['ingest', 'payments', 'other.ndjson', '--data', 'other']
    const other = await millrace(...args)
    expect(other.code).toBe(1)
    expect(other.stderr).toContain(
      '  line 1: id is missing\n' +
        'where its fields have other names than the columns, say which with --map <column>=<name in the file>\n',
    )
    const mapped = await millrace(...args, '--map', 'id=tx')
    expect(mapped).toMatchObject({ code: 0, stdout: expect.stringContaining('other.ndjson: 1 event in the log') })
  })

  it('an event that a service refuses is told with its cure', async () => {
    const { code, stdout, stderr } = await millrace('get', 'profile', '--data', 'log')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe('millrace get: profile needs keys, and the request has none; send "keys": { "card_id": ... }\n')
  })
})
