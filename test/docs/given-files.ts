import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetBytes, TEXT, timestamp } from '../cli/parquet-writing.ts'

/** A payment in the form of its source: those of README.md and of a new project take the same. */
interface Paid {
  readonly id: string
  readonly occurred_at: string
  readonly updated_at: number
  readonly card_id: string
  readonly merchant_id: string
  readonly amount: string
  readonly status: string
}

const HOUR_MS = 3_600_000

function payments(count: number, from_ms: number): Paid[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `given-${from_ms}-${i}`,
    occurred_at: new Date(from_ms + i * 1_000).toISOString(),
    updated_at: 1,
    card_id: `c${i % 5}`,
    merchant_id: `m${i % 3}`,
    amount: (10 + i / 100).toFixed(2),
    status: 'approved',
  }))
}

/** How another system names the columns: see `--map` in docs/guides/loading-data.md. */
const BANK = { card_id: 'cardNo', amount: 'TX_AMT', merchant_id: 'Merchant No.' } as const

function csv(rows: readonly object[]): string {
  return [Object.keys(rows[0]!).join(','), ...rows.map((row) => Object.values(row).join(',')), ''].join('\n')
}

const ndjson = (rows: readonly Paid[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** `names`: of columns that have others in the file. `nulls`: rows that have no id. */
function parquet(rows: readonly Paid[], names: Partial<typeof BANK>, nulls: readonly number[] = []): Buffer {
  const text = (name: keyof Paid, of: (row: Paid, i: number) => unknown = (row) => String(row[name])) => ({
    name: name in names ? names[name as keyof typeof BANK]! : name,
    element: TEXT,
    data: rows.map(of),
  })
  const times = rows.map(({ occurred_at }) => BigInt(Date.parse(occurred_at)))
  return parquetBytes(
    [
      text('id', ({ id }, i) => (nulls.includes(i + 1) ? undefined : id)),
      { name: 'occurred_at', element: timestamp('MILLIS'), data: times },
      text('updated_at'),
      text('card_id'),
      text('merchant_id'),
      text('amount'),
      text('status'),
      { name: 'text', element: TEXT, data: rows.map(() => 'as it was booked') },
    ],
    { rowGroupSize: 20_000, pageSize: 200_000 },
  )
}

/** What a reader of a page has already, as the page says: files of events, above all. */
const GIVEN: Readonly<Record<string, (now_ms: number) => Readonly<Record<string, string | Buffer>>>> = {
  'README.md': (now_ms) => {
    const [{ status: _, ...payment }] = payments(1, now_ms) as [Paid]
    return {
      'history.csv.gz': gzipSync(csv(payments(50, now_ms - 48 * HOUR_MS))),
      'payment.json': JSON.stringify(payment),
    }
  },
  'docs/guides/loading-data.md': (now_ms) => ({
    'today.ndjson': ndjson(payments(20, now_ms - HOUR_MS)),
    'old.csv.gz': gzipSync(csv(payments(20, now_ms - 72 * HOUR_MS))),
    'history.parquet': parquet(payments(200, now_ms - 48 * HOUR_MS), {}),
    'bank.parquet': parquet(payments(200, now_ms - 96 * HOUR_MS), BANK),
    'bank.csv': csv(
      payments(20, now_ms - 120 * HOUR_MS).map(({ id, occurred_at, card_id, merchant_id, amount }) => ({
        id,
        occurred_at,
        [BANK.card_id]: card_id,
        [BANK.merchant_id]: merchant_id,
        [BANK.amount]: amount,
      })),
    ),
    'names.json': JSON.stringify(BANK),
    'year.parquet': parquet(payments(6_000, Date.UTC(2025, 0, 1)), BANK, [8, 3_108, 6_000]),
  }),
}

/** Writes what a reader of a page has already into the folder in which he begins. */
export function giveFiles(page: string, folder: string): void {
  for (const [name, content] of Object.entries(GIVEN[page]?.(Date.now()) ?? {}))
    writeFileSync(join(folder, name), content)
}
