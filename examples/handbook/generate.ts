import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeCsv } from './csv-file.ts'
import { writeSample } from './generate-sample.ts'
import { CUSTOMER_EDGES_DAYS, TERMINAL_EDGES_DAYS } from './sample-files.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { DAY_S, epochMs, RAW_COLUMNS, type Transaction } from './transaction.ts'

export interface GenerateOptions {
  /** The folder to write: it gets `raw/` and `sample/`, as the data set has them. */
  readonly out: string
  readonly customers?: number
  readonly terminals?: number
  /** Of so many customers, and of so many terminals, the features are written too. */
  readonly sampled?: number
  /** From 2018-04-01 on; 183 reach to the end of September. */
  readonly days?: number
  readonly seed?: number
}

type Draft = Omit<Transaction, 'id'>

const TX_PER_CUSTOMER_DAY = 1.8

/** Share of transactions that get a twin at a window's very age, or at the same second: enough of each kind to be met. */
const EDGE_SHARE = 0.01
const TIE_SHARE = 0.002

/** Writes a small data set in the files and columns of the real one. Answers how many transactions it has. */
export function generate(options: GenerateOptions): number {
  const { out, customers = 60, terminals = 40, sampled = 30, days = 183, seed = 1 } = options
  const random = seededRandom(seed)
  const drafts: Draft[] = []
  const compromised = compromises(terminals, days, random)
  for (let customer_id = 0; customer_id < customers; customer_id++) {
    const near = Array.from({ length: 1 + random.below(8) }, () => random.below(terminals))
    const usual = 5 + random.next() * 95
    for (let day = 0; day < days; day++) {
      for (let n = poisson(TX_PER_CUSTOMER_DAY, random); n > 0; n--) {
        const terminal_id = near[random.below(near.length)]!
        const fraud = random.next() < (compromised(terminal_id, day) ? 0.5 : 0.01)
        const time_s = day * DAY_S + random.below(DAY_S)
        drafts.push({ time_s, customer_id, terminal_id, amount: amount(usual, random), fraud })
      }
    }
  }
  const end_s = days * DAY_S
  for (const draft of [...drafts]) drafts.push(...twins(draft, { customers, terminals, end_s }, random))
  const transactions = drafts.sort((a, b) => a.time_s - b.time_s).map((draft, id) => ({ id, ...draft }))
  // Those of one second stand in any order, as in the real files.
  random.shuffle(transactions).sort((a, b) => a.time_s - b.time_s)
  writeRaw(join(out, 'raw'), transactions)
  writeSample(join(out, 'sample'), transactions, sampled, random)
  return transactions.length
}

/** Transactions that lie exactly at a window's edge, or in the same second, for one that is there. */
function twins(tx: Draft, all: { customers: number; terminals: number; end_s: number }, random: SeededRandom): Draft[] {
  const found: Draft[] = []
  const other = (): Draft => ({ ...tx, amount: amount(50, random), fraud: random.next() < 0.2 })
  const later_s = (edges: readonly number[]): number => tx.time_s + edges[random.below(edges.length)]! * DAY_S
  if (random.next() < EDGE_SHARE) {
    found.push({ ...other(), time_s: later_s(CUSTOMER_EDGES_DAYS), terminal_id: random.below(all.terminals) })
  }
  if (random.next() < EDGE_SHARE) {
    found.push({ ...other(), time_s: later_s(TERMINAL_EDGES_DAYS), customer_id: random.below(all.customers) })
  }
  if (random.next() < TIE_SHARE) found.push({ ...other(), terminal_id: random.below(all.terminals) })
  if (random.next() < TIE_SHARE) found.push({ ...other(), customer_id: random.below(all.customers) })
  return found.filter(({ time_s }) => time_s < all.end_s)
}

/** Whether a terminal is in the hands of thieves on a day: each is so for 28 days once or twice. */
function compromises(terminals: number, days: number, random: SeededRandom) {
  const begins = Array.from({ length: terminals }, () => [random.below(days), random.below(days)])
  return (terminal: number, day: number): boolean => begins[terminal]!.some((begin) => day >= begin && day < begin + 28)
}

function amount(usual: number, random: SeededRandom): string {
  return (-Math.log(1 - random.next()) * usual).toFixed(2)
}

function poisson(mean: number, random: SeededRandom): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > limit; product *= random.next()) count++
  return count
}

function writeRaw(folder: string, transactions: readonly Transaction[]): void {
  mkdirSync(folder, { recursive: true })
  const months = new Map<string, (string | number)[][]>()
  for (const tx of transactions) {
    const month = new Date(epochMs(tx.time_s)).toISOString().slice(0, 7)
    const row = [tx.id, tx.time_s, tx.customer_id, tx.terminal_id, tx.amount, Number(tx.fraud)]
    const rows = months.get(month)
    if (rows === undefined) months.set(month, [row])
    else rows.push(row)
  }
  for (const [month, rows] of months) writeCsv(join(folder, `${month}.csv.gz`), RAW_COLUMNS, rows)
}
