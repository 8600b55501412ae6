import { isUtf8 } from 'node:buffer'
import type { ColumnType, Value } from '../timeline/column-type.ts'
import { ByteCursor } from './byte-cursor.ts'
import { type ByteValue, byteValue } from './byte-values.ts'
import { skipBlanks, skipValue, skipWord } from './json-skip.ts'
import type { Known } from './value-checks.ts'

/** A column as the scanner needs it. */
export interface ScannedColumn {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  readonly epoch: boolean
  /** What the schema asks of a canonical value beyond its type; null: nothing. */
  readonly holds: ((value: Known) => boolean) | null
}

/** Canonical values by column, or null where an event is not as plain as the scanner knows them, right or wrong. */
export type ByteScanner = (json: Uint8Array) => Value[] | null

/** A field that was seen, or that is a column. */
interface Field {
  /** `"name":` in UTF-8. */
  readonly key: Uint8Array
  /** -1: no column. */
  readonly column: number
  readonly foreign: boolean
  /** The number of the event in which it was seen last. */
  seen: number
  /** What came behind it last: the guess of what comes next. */
  next: Field | null
}

/** Fields that are no columns are remembered up to so many and so long: whoever makes up names fills no memory. */
const FIELDS_MAX = 1_024
const NAME_BYTES_MAX = 256

const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const SMALL_N = 110
const OBJECT = 123
const OBJECT_END = 125

const NULL = Buffer.from('null')

/**
 * Compiles a scanner of a source's events as JSON in UTF-8: it makes no object but the values, compares names as bytes with the name that
 * came behind the last one before, and makes texts only of what are texts. It answers only where it is sure, so that every
 * oddity (escapes in a column, a column twice, exponents, numbers of more than 15 digits, whatever is wrong) is left to the
 * plain way, which knows what to say of it.
 */
export function byteScanner(columns: readonly ScannedColumn[], precision: 'ms' | 's'): ByteScanner {
  const count = columns.length
  const reads: readonly ByteValue[] = columns.map(({ type, epoch }) => byteValue(type, epoch, precision))
  const holds = columns.map((column) => column.holds)
  const nullable = columns.map((column) => column.nullable)
  const blank: Value[] = columns.map(() => null)
  const cursor = new ByteCursor()
  /** By the bytes of the name, as Latin-1. */
  const fields = new Map<string, Field>()
  const start = fieldOf(Buffer.alloc(0), -1)
  for (const [column, { name }] of columns.entries()) {
    // Half a surrogate pair has no UTF-8: its encoding would be that of another name.
    if (!name.isWellFormed()) return () => null
    const bytes = Buffer.from(name)
    fields.set(bytes.toString('latin1'), fieldOf(bytes, column))
  }
  /** Stands for all that are not remembered; nothing is expected after it. */
  const stranger = fieldOf(Buffer.alloc(0), -1)
  let event = 0

  /** The field whose name the cursor stands at; the cursor moves behind its colon. Null where it is not plain. */
  function named(): Field | null {
    const { bytes } = cursor
    const from = cursor.at + 1
    if (bytes[cursor.at] !== QUOTE) return null
    let at = from
    for (; bytes[at] !== QUOTE; at++) {
      if (at >= bytes.length || bytes[at] === BACKSLASH || bytes[at]! < 32) return null
    }
    const colon = skipBlanks(bytes, at + 1)
    if (bytes[colon] !== COLON) return null
    cursor.at = colon + 1
    const name = bytes.toString('latin1', from, at)
    const known = fields.get(name)
    if (known !== undefined) return known
    if (fields.size >= FIELDS_MAX + count || at - from > NAME_BYTES_MAX) {
      for (let i = from; i < at; i++) if (bytes[i]! > 127) cursor.foreign = true
      return stranger
    }
    const field = fieldOf(bytes.subarray(from, at), -1)
    fields.set(name, field)
    return field
  }

  return (json) => {
    const values = blank.slice()
    cursor.begin(json)
    const { bytes } = cursor
    if (bytes[0] !== OBJECT) return null
    event++
    let found = 0
    let last = start
    cursor.at = 1
    for (;;) {
      if (bytes[cursor.at]! <= 32) cursor.at = skipBlanks(bytes, cursor.at)
      let field = last.next
      if (field === null || !skipWord(cursor, field.key)) {
        field = named()
        if (field === null) return null
        if (field !== stranger) last.next = field
      }
      last = field
      if (field.foreign) cursor.foreign = true
      if (bytes[cursor.at]! <= 32) cursor.at = skipBlanks(bytes, cursor.at)
      const { column } = field
      if (column < 0) {
        if (!skipValue(cursor)) return null
      } else {
        // Of a name that comes twice JSON takes the last: that is rare enough for the plain way.
        if (field.seen === event) return null
        field.seen = event
        found++
        if (bytes[cursor.at] === SMALL_N) {
          if (!nullable[column]! || !skipWord(cursor, NULL)) return null
        } else {
          const value = reads[column]!(cursor)
          if (value === undefined) return null
          const check = holds[column]!
          if (check !== null && !check(value)) return null
          values[column] = value
        }
      }
      if (bytes[cursor.at]! <= 32) cursor.at = skipBlanks(bytes, cursor.at)
      const byte = bytes[cursor.at++]
      if (byte === COMMA) continue
      if (byte === OBJECT_END) break
      return null
    }
    if (cursor.at !== bytes.length && skipBlanks(bytes, cursor.at) !== bytes.length) return null
    if (cursor.foreign && !isUtf8(bytes)) return null
    if (found < count) for (let i = 0; i < count; i++) if (values[i] === null && !nullable[i]!) return null
    return values
  }
}

function fieldOf(name: Uint8Array, column: number): Field {
  const key = Buffer.concat([Buffer.of(QUOTE), name, Buffer.of(QUOTE, COLON)])
  return { key, column, foreign: name.some((byte) => byte > 127), seen: 0, next: null }
}
