import type { ColumnType, Value } from './column-type.ts'
import type { RowSchema, RowSchemas } from './row-schema.ts'

/*
 * A row, all numbers little-endian:
 *
 *   0  u16  length of the whole row in bytes
 *   2  u8   codec version, 1
 *   3  u8   flags: 1 tombstone, 2 has a version
 *   4  u16  row schema number
 *   6  u48  event time, epoch milliseconds
 *  12  u64  xxHash64 of the id
 *  20  f64  version, only with flag 2
 *   .  one bit a column: 1 is null
 *   .  the slots of the columns, by schema: 8 bytes (int, money, double, time: f64), 1 (bool), 2 (enum: code),
 *      4 (string: u16 offset from the start of the row, u16 length)
 *   .  the bytes of the strings
 *
 * A tombstone ends after its version. Rows are self-contained: they are laid end to end in any order.
 */
export const CODEC = 1
export const FLAG_TOMBSTONE = 1
export const FLAG_VERSION = 2
export const HEADER_BYTES = 20
export const ROW_BYTES_MAX = 65_535

/** Texts of no more UTF-16 units are written by hand, if they are ASCII: a call into Node takes longer. */
const SHORT_UNITS_MAX = 48

/** Bytes that cannot be rows, or rows that this version of the code cannot read. */
export class RowError extends Error {
  override readonly name = 'RowError'
  readonly code: 'ROW_CORRUPT' | 'ROW_CODEC_UNKNOWN' | 'ROW_SCHEMA_UNKNOWN' | 'ROW_TOO_LONG'
  constructor(code: RowError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export function slotBytes(type: ColumnType): number {
  switch (type.kind) {
    case 'bool':
      return 1
    case 'enum':
      return 2
    case 'string':
      return 4
    default:
      return 8
  }
}

/** Where the columns of a schema lie, from the end of the header (with version, if there is one). */
export interface RowLayout {
  readonly schema: number
  /** By column number of the registry: the bit of its null flag and the offset of its slot; -1 where rows lack the column. */
  readonly bit: Int32Array
  readonly slot: Int32Array
  /** Bytes of null flags and slots. */
  readonly fixedBytes: number
}

export function rowLayout(schema: RowSchema, schemas: RowSchemas): RowLayout {
  const bit = new Int32Array(schemas.columns.length).fill(-1)
  const slot = new Int32Array(schemas.columns.length).fill(-1)
  let at = Math.ceil(schema.columns.length / 8)
  for (const [i, number] of schema.columns.entries()) {
    bit[number] = i
    slot[number] = at
    at += slotBytes(schemas.columns[number]!.type)
  }
  return { schema: schema.number, bit, slot, fixedBytes: at }
}

type WriteSlot = (encoder: RowEncoder, value: Value, slot: number) => void

/** Writes rows of a timeline's last schema, one after another, into one growing buffer. */
export class RowEncoder {
  #bytes: Buffer = Buffer.allocUnsafe(64 * 1024)
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
  #end = 0
  #start = 0
  #tail = 0
  readonly #layout: RowLayout
  readonly #slots: readonly { readonly slot: number; readonly write: WriteSlot }[]

  constructor(schemas: RowSchemas) {
    const schema = schemas.schemas.at(-1)
    if (schema === undefined) throw new RangeError('a timeline without a row schema cannot be written')
    this.#layout = rowLayout(schema, schemas)
    this.#slots = schema.columns.map((number) => {
      const { type } = schemas.columns[number]!
      return { slot: this.#layout.slot[number]!, write: slotWriter(type) }
    })
  }

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#end
  }

  /**
   * Adds a row. `values` holds the canonical values of the schema's columns, in its order.
   * Throws a RowError where the row would pass 65,535 bytes; nothing of it is kept then.
   */
  add(
    time_ms: number,
    idLow: number,
    idHigh: number,
    version: number,
    tombstone: boolean,
    values: readonly Value[],
  ): void {
    const slots = this.#slots
    const versioned = version !== 0
    const fixed = HEADER_BYTES + (versioned ? 8 : 0)
    this.#room(fixed + this.#layout.fixedBytes)
    const start = this.#end
    const view = this.#view
    view.setUint8(start + 2, CODEC)
    view.setUint8(start + 3, (tombstone ? FLAG_TOMBSTONE : 0) | (versioned ? FLAG_VERSION : 0))
    view.setUint16(start + 4, this.#layout.schema, true)
    const timeHigh = Math.floor(time_ms / 4294967296)
    view.setUint32(start + 6, time_ms - timeHigh * 4294967296, true)
    view.setUint16(start + 10, timeHigh, true)
    view.setUint32(start + 12, idLow, true)
    view.setUint32(start + 16, idHigh, true)
    if (versioned) view.setFloat64(start + 20, version, true)
    if (tombstone) {
      view.setUint16(start, fixed, true)
      this.#end = start + fixed
      return
    }
    const body = start + fixed
    this.#start = start
    this.#tail = body + this.#layout.fixedBytes
    // So few bytes are cleared faster by hand than by `fill`.
    const bytes = this.#bytes
    for (let at = body; at < this.#tail; at++) bytes[at] = 0
    for (let i = 0; i < slots.length; i++) {
      const value = values[i]!
      // Texts may have moved all to a larger buffer.
      if (value === null) this.#bytes[body + (i >> 3)]! |= 1 << (i & 7)
      else {
        const { slot, write } = slots[i]!
        write(this, value, body + slot)
      }
    }
    const length = this.#tail - start
    if (length > ROW_BYTES_MAX) {
      throw new RowError(
        'ROW_TOO_LONG',
        `a row of ${length} bytes is longer than ${ROW_BYTES_MAX}: shorten its texts with .max()`,
      )
    }
    this.#view.setUint16(start, length, true)
    this.#end = this.#tail
  }

  /** Forgets the rows that begin at `length` or later. */
  cut(length: number): void {
    this.#end = length
  }

  /** The event time of the row that begins at an offset. */
  timeAt(start: number): number {
    return this.#view.getUint32(start + 6, true) + this.#view.getUint16(start + 10, true) * 4294967296
  }

  /** The rows added since the last take, with `room` for so many bytes behind them; the bytes belong to the caller. */
  take(room = 0): Uint8Array {
    const rows = new Uint8Array(this.#end + room)
    rows.set(this.#bytes.subarray(0, this.#end))
    this.#end = 0
    return rows
  }

  writeNumber(value: number, at: number): void {
    this.#view.setFloat64(at, value, true)
  }

  writeByte(value: number, at: number): void {
    this.#view.setUint8(at, value)
  }

  writeCode(value: number, at: number): void {
    this.#view.setUint16(at, value, true)
  }

  writeText(value: string, at: number): void {
    this.#roomAt(this.#tail + value.length * 3)
    const length = writeUtf8(this.#bytes, value, this.#tail)
    this.#view.setUint16(at, this.#tail - this.#start, true)
    this.#view.setUint16(at + 2, length, true)
    this.#tail += length
  }

  #room(bytes: number): void {
    this.#roomAt(this.#end + bytes)
  }

  #roomAt(end: number): void {
    if (end <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length)
  }
}

/** Writes a text, and answers how many bytes that was. */
function writeUtf8(bytes: Buffer, text: string, at: number): number {
  const units = text.length
  if (units > SHORT_UNITS_MAX) return bytes.write(text, at)
  for (let i = 0; i < units; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return bytes.write(text, at)
    bytes[at + i] = unit
  }
  return units
}

function slotWriter(type: ColumnType): WriteSlot {
  switch (type.kind) {
    case 'bool':
      return (encoder, value, at) => encoder.writeByte(value === true ? 1 : 0, at)
    case 'enum': {
      const codes = new Map(type.values.map((value, code) => [value as Value, code]))
      return (encoder, value, at) => {
        const code = codes.get(value)
        if (code === undefined)
          throw new RangeError(`'${value}' is not a value of this enum: ${type.values.join(', ')}`)
        encoder.writeCode(code, at)
      }
    }
    case 'string':
      return (encoder, value, at) => encoder.writeText(value as string, at)
    default:
      return (encoder, value, at) => encoder.writeNumber(value as number, at)
  }
}
