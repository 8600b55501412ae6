import type { Value } from '../../timeline/column-type.ts'
import { ArchiveError } from '../event-archive.ts'

/** Room for the first columns of a few rows; it doubles as needed. */
const BYTES_MIN = 4_096

/** Longest text whose bytes are written one by one: up to here that beats a call of the encoder. */
const SHORT_TEXT_MAX = 48

const HIGH = 2 ** 32

/**
 * Writes one block in ClickHouse's `Native` format, column by column. A value of the wrong kind, or null in a column that
 * has none, throws ArchiveError: it would be written as something else.
 */
export class NativeWriter {
  readonly #rows: number
  #bytes = Buffer.allocUnsafe(BYTES_MIN)
  #view = viewOf(this.#bytes)
  #at = 0

  constructor(columns: number, rows: number) {
    this.#rows = rows
    this.#varint(columns)
    this.#varint(rows)
  }

  /** The block; the writer must not be used any more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Whole numbers in 64 bits: Int64, UInt64, or the digits of a Decimal or DateTime64. */
  integers(name: string, type: string, nullable: boolean, values: readonly Value[]): void {
    this.#start(name, type, nullable, values)
    this.#reserve(values.length * 8)
    const view = this.#view
    let at = this.#at
    for (let row = 0; row < values.length; row++, at += 8) {
      const value = values[row]!
      if (Number.isSafeInteger(value)) {
        view.setInt32(at, value as number, true)
        view.setInt32(at + 4, Math.floor((value as number) / HIGH), true)
      } else if (value === null && nullable) view.setFloat64(at, 0, true)
      else throw wrong(name, row, value, 'a safe integer')
    }
    this.#at = at
  }

  doubles(name: string, nullable: boolean, values: readonly Value[]): void {
    this.#start(name, 'Float64', nullable, values)
    this.#reserve(values.length * 8)
    const view = this.#view
    let at = this.#at
    for (let row = 0; row < values.length; row++, at += 8) {
      const value = values[row]!
      if (Number.isFinite(value)) view.setFloat64(at, value as number, true)
      else if (value === null && nullable) view.setFloat64(at, 0, true)
      else throw wrong(name, row, value, 'a finite number')
    }
    this.#at = at
  }

  bools(name: string, nullable: boolean, values: readonly Value[]): void {
    this.#start(name, 'Bool', nullable, values)
    this.#reserve(values.length)
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!
      if (typeof value !== 'boolean' && !(value === null && nullable)) throw wrong(name, row, value, 'true or false')
      this.#bytes[this.#at + row] = value === true ? 1 : 0
    }
    this.#at += values.length
  }

  strings(name: string, nullable: boolean, values: readonly Value[]): void {
    this.#start(name, 'String', nullable, values)
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!
      if (typeof value === 'string') this.#text(value)
      else if (value === null && nullable) this.#text('')
      else throw wrong(name, row, value, 'a string')
    }
  }

  #start(name: string, type: string, nullable: boolean, values: readonly Value[]): void {
    if (values.length !== this.#rows) {
      throw new ArchiveError('ARCHIVE_REFUSED', `column ${name} has ${values.length} values for ${this.#rows} rows`)
    }
    this.#text(name)
    this.#text(nullable ? `Nullable(${type})` : type)
    if (!nullable) return
    this.#reserve(values.length)
    for (let row = 0; row < values.length; row++) this.#bytes[this.#at + row] = values[row] === null ? 1 : 0
    this.#at += values.length
  }

  #text(text: string): void {
    // UTF-8 needs at most three bytes for each UTF-16 unit, and the length five.
    this.#reserve(text.length * 3 + 5)
    if (text.length <= SHORT_TEXT_MAX && this.#ascii(text)) return
    const length = Buffer.byteLength(text)
    this.#varint(length)
    this.#bytes.write(text, this.#at, 'utf8')
    this.#at += length
  }

  /** Writes a text of at most 127 characters if all of them are ASCII; else answers false, having written nothing. */
  #ascii(text: string): boolean {
    const bytes = this.#bytes
    const start = this.#at + 1
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) return false
      bytes[start + i] = unit
    }
    bytes[this.#at] = text.length
    this.#at = start + text.length
    return true
  }

  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) + 128
    this.#bytes[this.#at++] = rest
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
    this.#view = viewOf(grown)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function wrong(name: string, row: number, value: unknown, wanted: string): ArchiveError {
  const given = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new ArchiveError('ARCHIVE_TYPE', `column ${name} of row ${row} is ${given}, not ${wanted}`)
}
