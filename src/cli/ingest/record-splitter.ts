/** A place in an input, behind some of its bytes (uncompressed) and lines. */
export interface Position {
  readonly bytes: number
  readonly line: number
}

export const BEGINNING: Position = { bytes: 0, line: 0 }

/** A line that is no event, whoever found that out. */
export interface Refusal {
  /** From 1. */
  readonly line: number
  readonly reason: string
  readonly text: string
}

/** Whole records of an input, in its order, blank ones left out. */
export interface RecordBlock {
  readonly bytes: Buffer
  /** Of each record: where it begins in `bytes`, where it ends (before its newline), and the number of its first line. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly lines: readonly number[]
  readonly refused: readonly Refusal[]
  /** The place in the input where `bytes` begins, and that behind all its records. */
  readonly at: Position
  readonly end: Position
}

/** Longest record: far above any event, and a line of a file that is none must not fill the memory. */
export const RECORD_BYTES_MAX = 1024 * 1024

/** How much is kept of a text that is refused for its length. */
const SHOWN_BYTES = 4_096

const NEWLINE = 10
const RETURN = 13
const QUOTE = 34
const SPACE = 32
const TAB = 9

/**
 * Cuts an input into records: lines, or, for CSV, lines whose quotes are closed (a newline between quotes belongs to its cell). It
 * only finds where records end; what is in them is for others. A quote opens where a cell begins, and nowhere else; one that
 * does not close within {@link RECORD_BYTES_MAX} is refused with its line, and the next line begins a record again.
 */
export class RecordSplitter {
  readonly #delimiter: number | null
  #rest: Buffer = Buffer.alloc(0)
  #position: Position
  /** Inside a line that is too long: the rest of it is dropped. */
  #dropping = false

  /** `delimiter`: of the cells of CSV; null: each line is a record. `from`: where the input begins, in the whole of it. */
  constructor(delimiter: string | null, from: Position = BEGINNING) {
    this.#delimiter = delimiter === null ? null : delimiter.charCodeAt(0)
    this.#position = from
  }

  /** Takes the next bytes, and gives the records that end in them; with `last`, the one at the end of the input too. */
  push(data: Buffer, last: boolean): RecordBlock {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const block = new BlockBuilder(bytes, this.#position)
    const delimiter = this.#delimiter
    const nextQuote = (at: number) => (delimiter === null ? Number.POSITIVE_INFINITY : indexOf(bytes, QUOTE, at))
    let from = 0
    let quote = nextQuote(0)
    while (from < bytes.length) {
      if (this.#dropping) {
        from = this.#drop(bytes, from)
        continue
      }
      let end = indexOf(bytes, NEWLINE, from)
      let lines = 1
      let open = false
      let broken = false
      if (quote < from) quote = nextQuote(from)
      for (let closed = from - 1; quote < end && !broken; quote = nextQuote(quote + 1)) {
        // A quote right behind one that closed is the second half of a doubled one: its cell goes on.
        if (quote !== from && bytes[quote - 1] !== delimiter && quote - 1 !== closed) continue
        closed = nextQuote(quote + 1)
        open = closed === Number.POSITIVE_INFINITY
        if (open) break
        for (; end < closed; lines++) end = indexOf(bytes, NEWLINE, end + 1)
        broken = !mayFollowQuote(bytes[closed + 1], delimiter)
        quote = closed
      }
      const fits = Math.min(end, bytes.length) - from <= RECORD_BYTES_MAX
      // In one line it is for the parser to refuse. Over several it is no record: who knows where it should have closed.
      if (broken && lines > 1) open = true
      else if (
        open ? bytes.length - from <= RECORD_BYTES_MAX && !last : end === Number.POSITIVE_INFINITY && fits && !last
      )
        break
      if (!open && fits) {
        block.add(from, Math.min(end, bytes.length), lines)
        from = Math.min(end + 1, bytes.length)
      } else {
        this.#refuse(block, bytes, from, open || lines > 1)
        from = this.#drop(bytes, from)
        quote = nextQuote(from)
      }
    }
    // What is left is copied: the records before it must not be kept for it.
    this.#rest = Buffer.from(bytes.subarray(from))
    this.#position = { bytes: this.#position.bytes + from, line: block.line }
    return block.finish(this.#position)
  }

  /** Refuses the line at `from`, for its length or for its open quote. */
  #refuse(block: BlockBuilder, bytes: Buffer, from: number, quoted: boolean): void {
    const end = Math.min(indexOf(bytes, NEWLINE, from), bytes.length)
    const text = bytes.toString('utf8', from, Math.min(end, from + SHOWN_BYTES))
    const reason = quoted
      ? `a quote is opened that does not close a cell within ${RECORD_BYTES_MAX} bytes: double a quote inside a cell`
      : `the line has more than ${RECORD_BYTES_MAX} bytes`
    block.refused.push({ line: block.line + 1, reason, text })
    block.line++
  }

  /** Answers where the next line begins, in what is here of it. */
  #drop(bytes: Buffer, from: number): number {
    const end = indexOf(bytes, NEWLINE, from)
    this.#dropping = end === Number.POSITIVE_INFINITY
    return Math.min(end + 1, bytes.length)
  }
}

class BlockBuilder {
  readonly starts: number[] = []
  readonly ends: number[] = []
  readonly lines: number[] = []
  readonly refused: Refusal[] = []
  readonly #bytes: Buffer
  readonly #at: Position
  /** Lines of the input that are behind. */
  line: number

  constructor(bytes: Buffer, at: Position) {
    this.#bytes = bytes
    this.#at = at
    this.line = at.line
  }

  add(start: number, end: number, lines: number): void {
    const bytes = this.#bytes
    let first = start
    while (first < end && isBlank(bytes[first]!)) first++
    if (first < end) {
      this.starts.push(start)
      this.ends.push(bytes[end - 1] === RETURN ? end - 1 : end)
      this.lines.push(this.line + 1)
    }
    this.line += lines
  }

  finish(end: Position): RecordBlock {
    const { starts, ends, lines, refused } = this
    return { bytes: this.#bytes, starts, ends, lines, refused, at: this.#at, end }
  }
}

/** Behind a quote that closes its cell the next cell begins, or the record ends; a second quote is a doubled one. */
function mayFollowQuote(byte: number | undefined, delimiter: number | null): boolean {
  return byte === undefined || byte === delimiter || byte === NEWLINE || byte === RETURN || byte === QUOTE
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === RETURN || byte === TAB
}

function indexOf(bytes: Buffer, byte: number, from: number): number {
  const found = bytes.indexOf(byte, from)
  return found < 0 ? Number.POSITIVE_INFINITY : found
}
