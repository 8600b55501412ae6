import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_MAPPING } from '../../src/cli/ingest/column-mapping.ts'
import { type DryRunReport, dryRun } from '../../src/cli/ingest/dry-run.ts'
import { earlierRun, type IngestTask, ingest } from '../../src/cli/ingest/ingest.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { RejectionCounts } from '../../src/cli/ingest/rejection-counts.ts'
import { MemoryBackend, model } from './memory-backend.ts'
import { BOOLEAN, INT64, parquetBytes, TEXT } from './parquet-writing.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const COUNT = 20_000
const AT_MS = Date.UTC(2025, 0, 1)
/** Every so many rows have an amount, or a time, that is none. */
const isDear = (i: number) => i % 1_000 === 7
const isEarly = (i: number) => i % 5_000 === 9
const rows = Array.from({ length: COUNT }, (_, i) => ({
  id: `p${i}`,
  at: isEarly(i) ? i : AT_MS + i,
  card: 'c',
  amount: isDear(i) ? `${i}.123` : '1.2',
  ok: null,
  region: 'eu',
}))
const BAD = rows.filter((_, i) => isDear(i) || isEarly(i)).length
const column = (name: keyof (typeof rows)[number]) => rows.map((row) => row[name])
const FILES: Readonly<Record<string, [string | Buffer, number]>> = {
  'events.ndjson': [rows.map((row) => JSON.stringify(row)).join('\n'), 0],
  'events.csv': [`id,at,card,amount,ok,region\n${rows.map((row) => Object.values(row).join(',')).join('\n')}`, 1],
  'events.parquet': [
    parquetBytes([
      { name: 'id', element: TEXT, data: column('id') },
      { name: 'at', element: INT64, data: rows.map(({ at }) => BigInt(at)) },
      { name: 'card', element: TEXT, data: column('card') },
      { name: 'amount', element: TEXT, data: column('amount') },
      { name: 'ok', element: BOOLEAN, data: column('ok') },
      { name: 'region', element: TEXT, data: column('region') },
    ]),
    0,
  ],
}

function taskOf(name: string, content: string | Buffer): IngestTask {
  const path = join(folder, name)
  writeFileSync(path, content)
  return {
    source: model.sources.get('payments')!,
    road: 'log',
    input: openInput(path, null),
    delimiter: ',',
    mapping: NO_MAPPING,
    assumeUtc: false,
    data: join(folder, 'data'),
    rejectedFile: null,
    again: false,
    limits: null,
  }
}

function run(task: IngestTask, limit: number | null = null, stop = new AbortController()): Promise<DryRunReport> {
  return dryRun(task, limit, { signal: stop.signal, onProgress: () => {}, onNote: () => {} })
}

describe.each(Object.entries(FILES))('a dry run of %s', (name, [content, header]) => {
  it('says what would be rejected, and what the rest is like', async () => {
    expect(await run(taskOf(name, content))).toEqual({
      good: COUNT - BAD,
      bad: BAD,
      reasons: [
        {
          count: 20,
          lines: [8, 1_008, 2_008].map((line) => line + header),
          example: expect.stringMatching(/^amount: "7.123" has more than 2 decimals/),
          same: false,
        },
        {
          count: 4,
          lines: [10, 5_010, 10_010].map((line) => line + header),
          example: expect.stringMatching(/^at: 9 is outside the years 2000 to 2100/),
          same: false,
        },
      ],
      unused: ['region'],
      alwaysNull: ['ok', 'note'],
      times_ms: [AT_MS, AT_MS + COUNT - 1],
      whole: true,
      interrupted: false,
    })
    expect(readdirSync(folder)).toEqual([name])
  })

  it('rejects what an ingest rejects', async () => {
    const task = taskOf(name, content)
    const { good, bad } = await run(task)
    expect(earlierRun(task)).toBe(null)
    const watch = { signal: new AbortController().signal, onProgress: () => {}, onNote: () => {} }
    const { state } = await ingest(task, await MemoryBackend.open(), watch)
    expect(state).toMatchObject({ accepted: good, rejected: bad })
    expect(earlierRun(task)).toEqual(state)
    expect(existsSync(state.rejectedFile!)).toBe(true)
  })

  it('reads so many rows, and says that it was not all', async () => {
    const first = await run(taskOf(name, content), 1_000)
    expect(first).toMatchObject({ good: 998, bad: 2, whole: false, times_ms: [AT_MS, AT_MS + 999] })
    expect(await run(taskOf(name, content), COUNT)).toMatchObject({ good: COUNT - BAD, bad: BAD, whole: true })
    expect(await run(taskOf(name, content), COUNT - 1)).toMatchObject({ good: COUNT - BAD - 1, whole: false })
  })

  it('ends at the signal', async () => {
    const stop = new AbortController()
    stop.abort()
    expect(await run(taskOf(name, content), null, stop)).toMatchObject({ whole: false, interrupted: true })
  })
})

it('a file that is no event at all has one reason for all lines', async () => {
  const lines = Array.from({ length: 500 }, (_, i) => JSON.stringify({ tx: i }))
  const { good, bad, reasons, unused, times_ms } = await run(taskOf('other.ndjson', lines.join('\n')))
  expect({ good, bad, unused, times_ms }).toEqual({ good: 0, bad: 500, unused: [], times_ms: null })
  expect(reasons.map(({ count, lines: at }) => [count, at])).toEqual([[500, [1, 2, 3]]])
})

it('reasons are told apart by more than their values, and are not without end', () => {
  const counts = new RejectionCounts()
  counts.add(1, 'a: "x \\"y" is long')
  counts.add(2, 'a: "z" is long')
  counts.add(3, 'a: -1.5e+7 is long')
  counts.add(4, 'b: "z" is long')
  counts.add(5, 'a: "cut in the mid... is long')
  for (let i = 0; i < 1_000; i++) counts.add(6 + i, `${'x'.repeat(i)} is bad`)
  const reasons = counts.reasons()
  expect(counts.count).toBe(1_005)
  expect(reasons.length).toBe(201)
  expect(reasons.reduce((sum, { count }) => sum + count, 0)).toBe(1_005)
  expect(reasons.slice(1, 3).map(({ count, lines, same }) => [count, lines, same])).toEqual([
    [4, [1, 2, 3], false],
    [1, [4], true],
  ])
})
