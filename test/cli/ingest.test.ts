import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_MAPPING } from '../../src/cli/ingest/column-mapping.ts'
import { type IngestReport, type IngestTask, type IngestWatch, ingest } from '../../src/cli/ingest/ingest.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { RejectedFile } from '../../src/cli/ingest/rejected-file.ts'
import { SeededRandom } from '../stores/seeded-random.ts'
import { MemoryBackend, model } from './memory-backend.ts'
import { BOOLEAN, decimal, parquetBytes, TEXT, timestamp, type WrittenColumn } from './parquet-writing.ts'

let folder: string
let backend: MemoryBackend
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  backend = await MemoryBackend.open()
})
afterEach(() => rmSync(folder, { recursive: true }))

/** So small that there are many chunks, and that a line often reaches from one portion into the next. */
const LIMITS = { events: 1_000, bytes: 50_000, portion_bytes: 70_000 }

/** Every so many lines are no events. */
const BAD_EVERY = 97
const COUNT = 13_000

const isBad = (i: number) => i % BAD_EVERY === 5
const id = (i: number) => `p${i}`
const EVENTS = Array.from({ length: COUNT }, (_, i) => ({
  id: id(i),
  at: 1_514_764_800_000 + i,
  card: `c${i % 7}`,
  amount: isBad(i) ? '1.234' : '1.23',
  ok: null,
}))
const GOOD = EVENTS.filter((_, i) => !isBad(i)).map((event) => event.id)
const BAD = EVENTS.filter((_, i) => isBad(i)).map((event) => event.id)

const NDJSON = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('')
const CSV = `id,at,card,amount,ok\n${EVENTS.map((e) => `${e.id},${e.at},"${e.card}",${e.amount},\n`).join('')}`

const column = (name: keyof (typeof EVENTS)[number], element: WrittenColumn['element']): WrittenColumn => ({
  name,
  element,
  data: EVENTS.map((event) => event[name]),
})
const PARQUET = parquetBytes([
  column('id', TEXT),
  { ...column('at', timestamp('MICROS')), data: EVENTS.map(({ at }) => BigInt(at) * 1_000n + 999n) },
  column('card', TEXT),
  { ...column('amount', decimal(18, 3)), data: EVENTS.map(({ amount }) => BigInt(Number(amount) * 1_000)) },
  column('ok', BOOLEAN),
])

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function task(path: string, options: Partial<IngestTask> = {}): IngestTask {
  const data = join(folder, 'data')
  const source = model.sources.get('payments')!
  return {
    source,
    road: 'log',
    input: openInput(path, null),
    delimiter: ',',
    mapping: NO_MAPPING,
    assumeUtc: false,
    data,
    rejectedFile: null,
    again: false,
    limits: LIMITS,
    ...options,
  }
}

function run(path: string, options: Partial<IngestTask> = {}, watch: Partial<IngestWatch> = {}): Promise<IngestReport> {
  const quiet = { signal: new AbortController().signal, onProgress: () => {}, onNote: () => {} }
  return ingest(task(path, options), backend, { ...quiet, ...watch })
}

interface Rejection {
  readonly line: number
  readonly reason: string
  readonly text: string
}

function rejections(path: string): Rejection[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Rejection)
}

/** What the rejected file must hold: each bad event once, in order, with its line. */
function expectRejections(path: string, header: number): void {
  const found = rejections(path)
  expect(found.map(({ line }) => line)).toEqual(EVENTS.flatMap((_, i) => (isBad(i) ? [i + 1 + header] : [])))
  expect(found.map(({ text }) => /p\d+/.exec(text)![0])).toEqual(BAD)
  for (const { reason } of found) expect(reason).toMatch(/^amount: "1.234" has more than 2 decimals/)
}

const ROADS = ['log', 'archive'] as const
const FILES = [
  ['events.ndjson', NDJSON, 0],
  ['events.csv', CSV, 1],
  ['events.parquet', PARQUET, 0],
] as const

describe.each(ROADS)('into the %s', (road) => {
  const arrived = async () => (road === 'log' ? new Set(await backend.logged()).size : backend.archived())

  describe.each(FILES)('%s', (name, content, header) => {
    it('puts every event there once, and each rejected line aside', async () => {
      const path = write(name, content)
      const report = await run(path, { road })
      expect(report).toMatchObject({ doneBefore: false, interrupted: false, resumedAt: 0 })
      expect(report.state).toMatchObject({
        accepted: GOOD.length,
        rejected: BAD.length,
        rejectedFile: `${path}.rejected.ndjson`,
      })
      // Places in Parquet count the bytes of the JSON that is made of it.
      const bytes = typeof content === 'string' ? content.length : expect.any(Number)
      expect(report.state.position).toEqual({ bytes, line: COUNT + header })
      expect(report.firstRefusals.length).toBe(3)
      expectRejections(`${path}.rejected.ndjson`, header)
      expect(await arrived()).toBe(GOOD.length)
      if (road === 'log') expect(await backend.logged()).toEqual(GOOD)
    })

    it('goes on after any break, and neither loses nor doubles a line of account', async () => {
      const path = write(name, content)
      const random = new SeededRandom(road.length + name.length)
      let breaks = 0
      let report: IngestReport | null = null
      while (report === null) {
        // Breaks off before a call is done, after it was done and before it is answered, or not any more.
        let left = breaks < 8 ? random.below(4) : Number.POSITIVE_INFINITY
        const lost = () => {
          if (left-- === 0) throw new Error('killed')
        }
        const before = random.below(2) === 0
        backend.onPost = before ? lost : () => {}
        backend.onPosted = before ? () => {} : lost
        report = await run(path, { road }).catch((error: Error) => {
          expect(error.message).toBe('killed')
          breaks++
          return null
        })
      }
      expect(breaks).toBeGreaterThan(3)
      expect(report.state).toMatchObject({ accepted: GOOD.length, rejected: BAD.length })
      expectRejections(`${path}.rejected.ndjson`, header)
      if (road === 'log') expect(new Set(await backend.logged())).toEqual(new Set(GOOD))
      // What the archive holds is known by its lines: nothing is sent a second time.
      else expect(await backend.archived()).toBe(GOOD.length)
    })

    it('stops at the signal, says how far it came, and goes on from there', async () => {
      const path = write(name, content)
      const stop = new AbortController()
      // The archive takes bigger portions: the one that is under way is the only one.
      const first = await run(path, { road }, { signal: stop.signal, onProgress: () => stop.abort() })
      expect(first.interrupted).toBe(true)
      const second = await run(path, { road })
      expect(second).toMatchObject({ interrupted: false, resumedAt: first.state.position.line })
      expect(second.state).toMatchObject({ accepted: GOOD.length, rejected: BAD.length })
      expectRejections(`${path}.rejected.ndjson`, header)
      expect(await arrived()).toBe(GOOD.length)
    })
  })

  it('does nothing the second time, unless it is asked for again', async () => {
    const path = write('events.ndjson', NDJSON)
    await run(path, { road })
    const calls: string[] = []
    backend.onPost = (call) => calls.push(call)
    // Also under another name.
    const second = await run(write('copy.ndjson', NDJSON), { road })
    expect(second).toMatchObject({ doneBefore: true, state: { accepted: GOOD.length, rejected: BAD.length } })
    expect(calls).toEqual([])
    const third = await run(path, { road, again: true })
    expect(third).toMatchObject({ doneBefore: false, state: { accepted: GOOD.length, rejected: BAD.length } })
    expectRejections(`${path}.rejected.ndjson`, 0)
  })
})

describe('into the archive', () => {
  it('goes by what the archive holds, where the note of it is lost or behind', async () => {
    const path = write('events.csv', CSV)
    await run(path, { road: 'archive' })
    const rows = await backend.archived()
    rmSync(join(folder, 'data', 'ingest'), { recursive: true })
    rmSync(`${path}.rejected.ndjson`)
    const report = await run(path, { road: 'archive' })
    expect(report.state).toMatchObject({ accepted: GOOD.length, rejected: BAD.length })
    expectRejections(`${path}.rejected.ndjson`, 1)
    expect(await backend.archived()).toBe(rows)
  })

  it('begins anew where the archive has lost it', async () => {
    const path = write('events.ndjson', NDJSON)
    let calls = 0
    backend.onPosted = () => {
      if (++calls === 3) throw new Error('killed')
    }
    await expect(run(path, { road: 'archive' })).rejects.toThrow('killed')
    backend = await MemoryBackend.open()
    const report = await run(path, { road: 'archive' })
    expect(report.state.accepted).toBe(GOOD.length)
    expect(await backend.archived()).toBe(GOOD.length)
  })

  it('brackets the load, so that no timeline is taken for complete meanwhile', async () => {
    const calls: string[] = []
    backend.onPost = (call) =>
      calls.push(call.replace(/^\/admin\/v1\/sources\/payments\/archive/, '').replace(/file%2F.*/, '...'))
    await run(write('events.ndjson', NDJSON), { road: 'archive' })
    expect(calls.length).toBeGreaterThan(10)
    expect(calls).toEqual(['/begin', ...calls.slice(1, -1).map(() => '?origin=...'), '/end'])
  })

  it('is not begun with a file that cannot be loaded', async () => {
    const calls: string[] = []
    backend.onPost = (call) => calls.push(call)
    await expect(run(write('other.csv', 'a,b\n1,2\n'), { road: 'archive' })).rejects.toThrow('lacks the columns')
    const other = parquetBytes([column('id', TEXT)])
    await expect(run(write('other.parquet', other), { road: 'archive' })).rejects.toThrow('lacks the columns')
    expect(calls).toEqual([])
  })

  it('refuses a line that is no JSON by itself, though it would be one inside of an envelope', async () => {
    const tricks = ['{"a":1},"x":{"b":2}', '1},{"n":7,"e":2', `${JSON.stringify(EVENTS[0])},"n":5`]
    const report = await run(write('tricks.ndjson', tricks.join('\n')), { road: 'archive' })
    expect(report.state).toMatchObject({ accepted: 0, rejected: 3 })
    expect(await backend.archived()).toBe(0)
  })
})

describe('rejected lines', () => {
  it('of the reader and of the source stand in the order of the file', async () => {
    const lines = [EVENTS[0], '{', EVENTS[5], 'x'.repeat(1_100_000), EVENTS[1], '"t"'].map((line) =>
      typeof line === 'string' ? line : JSON.stringify(line),
    )
    const path = write('mixed.ndjson', lines.join('\n'))
    const report = await run(path)
    expect(report.state).toMatchObject({ accepted: 2, rejected: 4 })
    expect(rejections(`${path}.rejected.ndjson`).map(({ line, reason }) => `${line} ${reason.slice(0, 32)}`)).toEqual([
      '2 the line is not JSON: column 2: ',
      '3 amount: "1.234" has more than 2 ',
      '4 the line has more than 1048576 b',
      '6 "t" is not an event of payments:',
    ])
  })

  it('go where the command says, and a file without any makes none', async () => {
    const path = write('events.ndjson', NDJSON)
    const rejectedFile = join(folder, 'aside.ndjson')
    expect((await run(path, { rejectedFile })).state.rejectedFile).toBe(rejectedFile)
    expectRejections(rejectedFile, 0)
    const good = write('good.ndjson', `${JSON.stringify(EVENTS[0])}\n`)
    expect((await run(good)).state).toMatchObject({ accepted: 1, rejected: 0, rejectedFile: null })
    expect(existsSync(`${good}.rejected.ndjson`)).toBe(false)
  })

  it('are written again from where an earlier run vouches for them', () => {
    const path = join(folder, 'aside.ndjson')
    const first = new RejectedFile(path, 0)
    first.add([{ line: 1, reason: 'a', text: 'x' }])
    const { bytes } = first
    // A kill may come between these lines and the note of them.
    first.add([{ line: 2, reason: 'b', text: 'y' }])
    first.add([{ line: 3, reason: 'c', text: 'z' }])
    first.close()
    const second = new RejectedFile(path, bytes)
    second.add([{ line: 2, reason: 'b', text: 'é' }])
    second.close()
    expect(rejections(path)).toEqual([
      { line: 1, reason: 'a', text: 'x' },
      { line: 2, reason: 'b', text: 'é' },
    ])
  })

  it('may not go into the file itself, nor elsewhere than before', async () => {
    const path = write('events.ndjson', NDJSON)
    await expect(run(path, { rejectedFile: path })).rejects.toThrow('is the file that is ingested')
    let calls = 0
    backend.onPosted = () => {
      if (++calls === 2) throw new Error('killed')
    }
    await expect(run(path)).rejects.toThrow('killed')
    await expect(run(path, { rejectedFile: join(folder, 'other') })).rejects.toThrow(
      'is not where the run that is gone on with has its rejected lines',
    )
  })
})

it('leaves no lock and no half-written note behind', async () => {
  await run(write('events.ndjson', NDJSON))
  expect(readdirSync(join(folder, 'data', 'ingest'))).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.json$/)])
})

it('refuses to ingest one file twice at once', async () => {
  const path = write('events.ndjson', NDJSON)
  let second: Promise<unknown> | null = null
  backend.onPost = () => {
    second ??= run(path).catch((error: { code: string }) => error.code)
  }
  await run(path)
  expect(await second).toBe('INGEST_RUNNING')
})

describe('a CSV file', () => {
  it('without a header is refused', async () => {
    await expect(run(write('empty.csv', ''))).rejects.toThrow('has no header')
    await expect(run(write('blank.csv', '\n\n'))).rejects.toThrow('has no header')
  })

  it('may have blank lines before and behind its header, a mark, and no event', async () => {
    const report = await run(write('odd.csv', '\ufeff\r\n\r\nid,at,card,amount\r\n\r\np1,1514764800000,c,5\r\n'))
    expect(report.state).toMatchObject({ accepted: 1, rejected: 0, position: { line: 5 } })
    expect((await run(write('none.csv', 'id,at,card,amount\n'))).state).toMatchObject({ accepted: 0, rejected: 0 })
  })

  it('tells which of its columns are left out', async () => {
    const notes: string[] = []
    await run(
      write('more.csv', 'id,at,card,amount,region\np1,1514764800000,c,5,eu\n'),
      {},
      { onNote: (text) => notes.push(text) },
    )
    expect(notes).toEqual(['columns of the file that nothing is read from are left out: region'])
  })
})
