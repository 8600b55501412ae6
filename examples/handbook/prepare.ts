import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { epochMs, readTransactions, type Transaction } from './transaction.ts'

export interface PrepareOptions {
  /** The folder of raw files, `*.csv.gz`. */
  readonly raw: string
  /** The NDJSON file to write; packed where its name ends in `.gz`. */
  readonly out: string
  /** Only transactions from this instant on, epoch milliseconds. */
  readonly from_ms?: number
  /** Only transactions before this instant. */
  readonly until_ms?: number
  /** In random order, all of them. */
  readonly shuffle?: boolean
  /** Share of the transactions that come a second time, 0 to 1. */
  readonly duplicate?: number
  readonly seed?: number
}

export interface Prepared {
  readonly lines: number
  /** Of the lines, unpacked. */
  readonly bytes: number
}

/** A file without shuffling still has its second copies some way behind the first ones: up to about so many lines. */
const COPIES_LATE = 5_000

/** About the letters of one write: line by line it would be slow. */
const CHUNK_LENGTH = 128 * 1024

/** Writes transactions of a range of time as events of the source `transactions`. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { out, shuffle = false, duplicate = 0, seed = 1 } = options
  const random = seededRandom(seed)
  let lines: Iterable<string> = withCopies(eventLines(options), duplicate, random)
  if (shuffle) lines = random.shuffle([...lines])
  const written = { lines: 0, bytes: 0 }
  const steps = out.endsWith('.gz') ? [createGzip({ level: 1 })] : []
  await pipeline([Readable.from(chunks(lines, written)), ...steps, createWriteStream(out)])
  return written
}

/** An event of the source, as JSON. */
export function eventLine(tx: Transaction): string {
  return (
    `{"id":${tx.id},"occurred_at":${epochMs(tx.time_s)},"customer_id":${tx.customer_id},` +
    `"terminal_id":${tx.terminal_id},"amount":"${tx.amount}","fraud":${tx.fraud}}`
  )
}

function* eventLines({ raw, from_ms = -Infinity, until_ms = Infinity }: PrepareOptions): Generator<string> {
  for (const tx of readTransactions(raw)) {
    const time_ms = epochMs(tx.time_s)
    if (time_ms >= from_ms && time_ms < until_ms) yield eventLine(tx)
  }
}

/** The lines, and a share of them a second time, later. */
function* withCopies(lines: Iterable<string>, share: number, random: SeededRandom): Generator<string> {
  const copies: string[] = []
  for (const line of lines) {
    yield line
    if (share === 0 || random.next() >= share) continue
    copies.push(line)
    if (copies.length < COPIES_LATE) continue
    const place = random.below(copies.length)
    yield copies[place]!
    copies[place] = copies.at(-1)!
    copies.pop()
  }
  yield* random.shuffle(copies)
}

function* chunks(lines: Iterable<string>, written: { lines: number; bytes: number }): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    written.lines++
    // A line has no letters that UTF-8 writes as two bytes.
    written.bytes += line.length + 1
    if (chunk.length < CHUNK_LENGTH) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
