/** Size of the pieces that commands are written into: fewer system calls than small ones, and no page faults as for large ones. */
const CHUNK_BYTES = 64 * 1024

/** So many are kept to be written to again: two megabytes. */
const SPARE_CHUNKS_MAX = 32

/** More than the bytes of `$<length>\r\n` and the closing `\r\n` of one argument. */
const FRAME_BYTES = 24

/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES_MAX = 3

const CR = 13
const LF = 10
const DOLLAR = 36
const STAR = 42
const ZERO = 48

/** Keys and rows of fewer bytes have what is written before them at hand. */
const HEADS = 512

const appendHeads = Array.from({ length: HEADS }, (_, length) => Buffer.from(`*3\r\n$6\r\nAPPEND\r\n$${length}\r\n`))
const rowHeads = Array.from({ length: HEADS }, (_, length) => Buffer.from(`\r\n$${length}\r\n`))
const closedHeads = Array.from({ length: HEADS }, (_, length) => Buffer.from(`}\r\n$${length}\r\n`))

/** More than an `APPEND` has beside its key and rows. */
const APPEND_BYTES_MAX = 48

const ASKING = Buffer.from('*1\r\n$6\r\nASKING\r\n')

/** One argument of a command. Numbers are whole. */
export type Argument = string | number | Uint8Array

/**
 * Writes commands as Redis reads them (RESP2), one behind the other, into pieces of memory that go to the socket as they are.
 * About ten times less work than a command object each.
 */
export class CommandWriter {
  /** Puts `ASKING` before every command: it goes to a node that does not have its slot yet. */
  asking = false
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  /** Where what was not taken yet begins in the chunk. */
  #start = 0
  #at = 0
  #full: Uint8Array[] = []
  /** Chunks that are full, all of whose parts are in `#full` or were taken. */
  #spent: Buffer[] = []
  readonly #spare: Buffer[] = []
  #fullBytes = 0

  /** Bytes written and not taken. */
  get length(): number {
    return this.#fullBytes + this.#at - this.#start
  }

  /** A whole command. */
  add(...parts: readonly Argument[]): void {
    this.begin(parts.length)
    for (const part of parts) {
      if (typeof part === 'string') this.text(part)
      else if (typeof part === 'number') this.text(String(part))
      else this.bytes(part)
    }
  }

  /** `APPEND`, which is what nearly all commands are: written in few strokes. */
  append(key: string, rows: Uint8Array): void {
    const units = key.length
    if (units >= HEADS || rows.length >= HEADS || this.asking) {
      this.#longAppend(key, rows)
      return
    }
    this.#reserve(units + rows.length + APPEND_BYTES_MAX)
    const chunk = this.#chunk
    const head = appendHeads[units]!
    chunk.set(head, this.#at)
    const start = this.#at + head.length
    for (let i = 0; i < units; i++) {
      const unit = key.charCodeAt(i)
      if (unit > 127) {
        this.#longAppend(key, rows)
        return
      }
      chunk[start + i] = unit
    }
    const end = start + units
    const between = rowHeads[rows.length]!
    chunk.set(between, end)
    chunk.set(rows, end + between.length)
    this.#at = end + between.length + rows.length
    this.#lineEnd()
  }

  /**
   * The same of a key in parts: `start` is all up to the text, which a closing brace follows. Answers false, having written nothing,
   * where that is not so plain.
   */
  appendBehind(start: Uint8Array, text: string, rows: Uint8Array): boolean {
    const units = text.length
    if (rows.length >= HEADS || this.asking) return false
    this.#reserve(start.length + units + rows.length + APPEND_BYTES_MAX)
    const chunk = this.#chunk
    chunk.set(start, this.#at)
    const from = this.#at + start.length
    for (let i = 0; i < units; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) return false
      chunk[from + i] = unit
    }
    const end = from + units
    const between = closedHeads[rows.length]!
    chunk.set(between, end)
    chunk.set(rows, end + between.length)
    this.#at = end + between.length + rows.length
    this.#lineEnd()
    return true
  }

  #longAppend(key: string, rows: Uint8Array): void {
    this.begin(3)
    this.text('APPEND')
    this.text(key)
    this.bytes(rows)
  }

  /** Begins a command of so many arguments, its name being the first. */
  begin(parts: number): void {
    if (this.asking) this.#raw(ASKING)
    this.#reserve(FRAME_BYTES)
    this.#chunk[this.#at++] = STAR
    this.#digits(parts)
    this.#lineEnd()
  }

  text(text: string): void {
    const units = text.length
    this.#reserve(units * UNIT_BYTES_MAX + FRAME_BYTES)
    const chunk = this.#chunk
    const frame = this.#at
    chunk[this.#at++] = DOLLAR
    this.#digits(units)
    this.#lineEnd()
    const start = this.#at
    for (let i = 0; i < units; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) {
        this.#at = frame
        this.bytes(Buffer.from(text))
        return
      }
      chunk[start + i] = unit
    }
    this.#at = start + units
    this.#lineEnd()
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes
    this.#reserve(length + FRAME_BYTES)
    this.#chunk[this.#at++] = DOLLAR
    this.#digits(length)
    this.#lineEnd()
    this.#chunk.set(bytes, this.#at)
    this.#at += length
    this.#lineEnd()
  }

  /** What was written since the last call; it is the caller's. */
  take(): Uint8Array[] {
    const taken = this.#full
    if (this.#at > this.#start) taken.push(this.#chunk.subarray(this.#start, this.#at))
    this.#start = this.#at
    this.#full = []
    this.#fullBytes = 0
    return taken
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#chunk.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** The chunks that nothing more will be written to: to be given back by {@link reuse} when all that was taken is sent. */
  takeSpent(): Buffer[] {
    const spent = this.#spent
    if (spent.length > 0) this.#spent = []
    return spent
  }

  /** Takes chunks back whose bytes nobody needs any more: memory that was written to just now is faster than new one. */
  reuse(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) if (this.#spare.length < SPARE_CHUNKS_MAX) this.#spare.push(chunk)
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return
    if (this.#at > this.#start) {
      this.#full.push(this.#chunk.subarray(this.#start, this.#at))
      this.#fullBytes += this.#at - this.#start
    }
    if (this.#chunk.length === CHUNK_BYTES) this.#spent.push(this.#chunk)
    const spare = bytes > CHUNK_BYTES ? undefined : this.#spare.pop()
    this.#chunk = spare ?? Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes))
    this.#start = 0
    this.#at = 0
  }

  #digits(value: number): void {
    const chunk = this.#chunk
    let digits = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
    for (let i = digits - 1, rest = value; i >= 0; i--) {
      const next = Math.floor(rest / 10)
      chunk[this.#at + i] = ZERO + rest - next * 10
      rest = next
    }
    this.#at += digits
  }

  #lineEnd(): void {
    this.#chunk[this.#at++] = CR
    this.#chunk[this.#at++] = LF
  }
}
