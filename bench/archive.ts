import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChdbArchive } from '../src/stores/archive/chdb.ts'
import type { ArchiveColumn, ArchiveInsert, EventArchive } from '../src/stores/event-archive.ts'

const ROWS = 2_000_000
const BATCH = 100_000
const CARDS = 100_000
const MERCHANTS = 5_000
const SMALL_INSERTS = 50
const T0 = Date.UTC(2024, 0, 1)

const ID: ArchiveColumn = { name: 'id', type: { kind: 'string', bytesMax: 64 }, nullable: false }
const AT: ArchiveColumn = { name: 'occurred_at', type: { kind: 'time' }, nullable: false }
const CARD: ArchiveColumn = { name: 'card_id', type: { kind: 'string', bytesMax: 64 }, nullable: false }
const COLUMNS: readonly ArchiveColumn[] = [
  ID,
  AT,
  CARD,
  { name: 'merchant_id', type: { kind: 'string', bytesMax: 64 }, nullable: true },
  { name: 'amount', type: { kind: 'money', scale: 2 }, nullable: false },
  { name: 'status', type: { kind: 'enum', values: ['approved', 'declined'] }, nullable: false },
  { name: 'fraud', type: { kind: 'bool' }, nullable: true },
]

/** Rows `first` to `first + count` of card traffic, made up without chance. */
function payments(first: number, count: number): ArchiveInsert {
  const numbers = Array.from({ length: count }, (_, i) => first + i)
  const spread = (i: number, over: number) => ((i * 2_654_435_761) >>> 0) % over
  return {
    table: 'payments',
    columns: COLUMNS,
    values: [
      numbers.map((i) => `tx_${i.toString(36).padStart(12, '0')}`),
      numbers.map((i) => T0 + i * 100),
      numbers.map((i) => `card_${spread(i, CARDS)}`),
      numbers.map((i) => (i % 10 === 0 ? null : `merchant_${spread(i + 7, MERCHANTS)}`)),
      numbers.map((i) => spread(i, 100_000)),
      numbers.map((i) => (i % 9 === 0 ? 'declined' : 'approved')),
      numbers.map((i) => (i % 3 === 0 ? null : i % 1_000 === 1)),
    ],
    origins: new Array<string>(count).fill('log/payments/0'),
    sequences: numbers,
    arrived_ms: numbers.map((i) => T0 + i * 100 + 50),
  }
}

async function scanned(archive: EventArchive, key: readonly ArchiveColumn[], part = 0, parts = 1): Promise<number> {
  let rows = 0
  const scan = { table: 'payments', key, id: ID, time: AT, columns: COLUMNS.slice(3), precision: 'ms' as const }
  for await (const block of archive.scan({ ...scan, from_ms: null, to_ms: null, part, parts })) rows += block.rows
  return rows
}

/** The longest that the event loop was kept from a timer, in milliseconds. */
async function longestStall<T>(job: () => Promise<T>): Promise<{ result: T; stall_ms: number }> {
  let stall_ms = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    stall_ms = Math.max(stall_ms, now - last)
    last = now
  }, 1)
  try {
    return { result: await job(), stall_ms }
  } finally {
    clearInterval(timer)
  }
}

/** Rows per second of inserts and scans of the embedded archive, and how long they keep others waiting. */
export async function archiveBench(report: (name: string, value: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-archive-'))
  const archive = await openChdbArchive(folder)
  const clock = () => ({ wall_ms: performance.now(), cpu: process.cpuUsage() })
  /** By the wall, and by the seconds of all processors together, which others on the machine change less. */
  const rate = (rows: number, started: ReturnType<typeof clock>) => {
    const { user, system } = process.cpuUsage(started.cpu)
    const per = (ms: number) => Math.round((rows / ms) * 1_000).toLocaleString('en')
    return `${per(performance.now() - started.wall_ms)} rows/s, ${per((user + system) / 1_000)} per CPU-second`
  }
  try {
    await archive.create('payments', COLUMNS, AT.name)
    const batches = Array.from({ length: ROWS / BATCH }, (_, i) => payments(i * BATCH, BATCH))
    let started = clock()
    const inserts = await longestStall(async () => {
      for (const batch of batches) await archive.insert(batch)
    })
    report(`archive insert, ${BATCH.toLocaleString('en')} rows a call`, rate(ROWS, started))
    report('archive insert, longest stall of the event loop', `${inserts.stall_ms.toFixed(0)} ms`)

    started = clock()
    for (let i = 0; i < SMALL_INSERTS; i++) await archive.insert(payments(ROWS + i * 5, 5))
    report(
      'archive insert, 5 rows a call',
      `${((performance.now() - started.wall_ms) / SMALL_INSERTS).toFixed(1)} ms a call`,
    )

    started = clock()
    const scan = await longestStall(() => scanned(archive, [CARD]))
    report('archive scan by card, 7 columns', rate(scan.result, started))
    report('archive scan, longest stall of the event loop', `${scan.stall_ms.toFixed(0)} ms`)

    started = clock()
    const quarter = await scanned(archive, [CARD], 1, 4)
    report('archive scan by card, one part of four', rate(quarter, started))

    started = clock()
    await archive.stats('payments', AT, [CARD], null)
    report('archive stats', `${(performance.now() - started.wall_ms).toFixed(0)} ms`)
    started = clock()
    await archive.sequences([{ table: 'payments' }], 'log/payments/0', ROWS)
    report('archive count of sequences', `${(performance.now() - started.wall_ms).toFixed(0)} ms`)
  } finally {
    await archive.close()
    await rm(folder, { recursive: true, force: true })
  }
}
