import { isUtf8 } from 'node:buffer'
import type { Position, RecordBlock, Refusal } from './record-splitter.ts'

/** Events to send in one call. */
export interface EventChunk {
  /** NDJSON, a line for each event; empty where there is none to send. */
  readonly body: Uint8Array<ArrayBuffer>
  /** The line of the input that each event is from. */
  readonly lines: readonly number[]
  /** The input's text of an event. */
  text(index: number): string
  /** Records that were found to be no events before anything was sent. */
  readonly refused: readonly Refusal[]
  /** Events that an earlier run had sent, of which nobody had taken note. */
  readonly sentBefore: number
  /** The place in the input behind the chunk. */
  readonly end: Position
}

/** A record that is no event, for a reason that is told. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

/** Turns the texts of records into lines of NDJSON to send. Null: an earlier run sent it. */
export type EncodeRecords = (
  texts: readonly string[],
  lines: readonly number[],
) => readonly (string | RecordError | null)[]

/** How much goes into a chunk. */
export interface ChunkLimits {
  readonly events: number
  readonly bytes: number
  /** How much of the input is read at once, and looked at for whole records: about a chunk's worth. */
  readonly portion_bytes: number
}

/** What one call of the public API takes comfortably: well below its 10,000 events and 16 MiB, and quick to repeat after a kill. */
export const LOG_LIMITS: ChunkLimits = { events: 8_000, bytes: 4 * 1024 * 1024, portion_bytes: 1024 * 1024 }

/** Each call makes one part of the archive's table, so they are big: below the 64 MiB that a call may have. */
export const ARCHIVE_LIMITS: ChunkLimits = { events: 50_000, bytes: 16 * 1024 * 1024, portion_bytes: 8 * 1024 * 1024 }

/**
 * Cuts a block of records into chunks. Without `encode` the records are lines of JSON, which are sent bytes for bytes as they
 * stand: whoever takes them reads them anyway.
 */
export function* eventChunks(
  block: RecordBlock,
  limits: ChunkLimits,
  encode: EncodeRecords | null,
): Generator<EventChunk> {
  const allUtf8 = isUtf8(block.bytes)
  // In even parts: a full chunk and a small rest cost more than two halves.
  const parts = Math.max(1, Math.ceil(block.lines.length / limits.events))
  const even = { ...limits, events: Math.max(1, Math.ceil(block.lines.length / parts)) }
  if (encode === null && allUtf8 && isContiguous(block)) yield* plainChunks(block, even)
  else yield* encodedChunks(block, even, encode ?? ((texts) => texts), allUtf8)
}

/** Whether each line of the block is a record. */
function isContiguous({ lines, at, end, refused }: RecordBlock): boolean {
  return refused.length === 0 && lines.length === end.line - at.line
}

function* plainChunks(block: RecordBlock, limits: ChunkLimits): Generator<EventChunk> {
  const { bytes, starts, ends, lines } = block
  for (let first = 0, next = 0; first < starts.length; first = next) {
    const [from, start] = [first, starts[first]!]
    next = first + 1
    while (next < starts.length && next - first < limits.events && ends[next]! - start <= limits.bytes) next++
    yield {
      body: bytes.subarray(start, ends[next - 1]!) as Uint8Array<ArrayBuffer>,
      lines: lines.slice(first, next),
      text: (index) => textOf(block, from + index),
      refused: [],
      sentBefore: 0,
      end: placeBefore(block, next),
    }
  }
}

function* encodedChunks(
  block: RecordBlock,
  limits: ChunkLimits,
  encode: EncodeRecords,
  allUtf8: boolean,
): Generator<EventChunk> {
  const { lines } = block
  let chunk = new ChunkBuilder(block, block.at)
  for (let first = 0; first < lines.length; first += limits.events) {
    const records = lines.slice(first, first + limits.events).map((_, i) => first + i)
    const readable = allUtf8 ? records : records.filter((record) => isUtf8(bytesOf(block, record)))
    const results = encode(
      readable.map((record) => textOf(block, record)),
      readable.map((record) => lines[record]!),
    )
    let at = 0
    for (const record of records) {
      if (chunk.isFull(limits)) {
        const full = chunk.finish(record)
        yield full
        chunk = new ChunkBuilder(block, full.end)
      }
      if (readable[at] === record) chunk.add(record, results[at++]!)
      else chunk.add(record, new RecordError('it is not UTF-8: convert the file, as with iconv -f latin1 -t utf8'))
    }
  }
  if (block.end.bytes > block.at.bytes) yield chunk.finish(lines.length)
}

class ChunkBuilder {
  readonly #block: RecordBlock
  readonly #from: Position
  readonly #texts: string[] = []
  readonly #records: number[] = []
  readonly #refused: Refusal[] = []
  #characters = 0
  #sentBefore = 0

  /** `from`: the place in the input where the chunk begins. */
  constructor(block: RecordBlock, from: Position) {
    this.#block = block
    this.#from = from
  }

  isFull({ events, bytes }: ChunkLimits): boolean {
    return this.#records.length >= events || this.#characters >= bytes
  }

  add(record: number, result: string | RecordError | null): void {
    if (result === null) this.#sentBefore++
    else if (typeof result === 'string') {
      this.#texts.push(result)
      this.#records.push(record)
      this.#characters += result.length + 1
    } else {
      this.#refused.push({
        line: this.#block.lines[record]!,
        reason: result.message,
        text: textOf(this.#block, record),
      })
    }
  }

  /** `next`: the record that the next chunk begins with. */
  finish(next: number): EventChunk {
    const block = this.#block
    const records = this.#records
    const end = placeBefore(block, next)
    const between = ({ line }: Refusal) => line > this.#from.line && line <= end.line
    const refused = [...this.#refused, ...block.refused.filter(between)].sort((a, b) => a.line - b.line)
    return {
      body: new TextEncoder().encode(this.#texts.join('\n')),
      lines: records.map((record) => block.lines[record]!),
      text: (index) => textOf(block, records[index]!),
      refused,
      sentBefore: this.#sentBefore,
      end,
    }
  }
}

function textOf(block: RecordBlock, record: number): string {
  return block.bytes.toString('utf8', block.starts[record], block.ends[record])
}

function bytesOf(block: RecordBlock, record: number): Uint8Array {
  return block.bytes.subarray(block.starts[record], block.ends[record])
}

/** The place in the input where a record begins; behind the last one, that of the block's end. */
function placeBefore(block: RecordBlock, record: number): Position {
  if (record >= block.starts.length) return block.end
  return { bytes: block.at.bytes + block.starts[record]!, line: block.lines[record]! - 1 }
}
