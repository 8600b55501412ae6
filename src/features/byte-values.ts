import { type ColumnType, STRING_BYTES_MAX, TIME_MS_MAX, TIME_MS_MIN } from '../timeline/column-type.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { isoTimeOf } from './iso-time.ts'
import { skipWord } from './json-skip.ts'
import { parseMoney } from './money.ts'
import type { Known } from './value-checks.ts'

/**
 * Reads the value that a cursor stands at, moves behind it, and answers its canonical form; undefined where it is not one of the plain
 * ones that it knows, right or wrong.
 */
export type ByteValue = (cursor: ByteCursor) => Known | undefined

const QUOTE = 34
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const BACKSLASH = 92

/** A whole number of so many digits is below 2^53, as is ten to their number: a quotient of two such is rounded once, as JSON's. */
const DIGITS_MAX = 15

/** Enums of more values are looked up by their text. */
const COMPARED_VALUES_MAX = 16

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')

/** What reads the values of a column. `epoch`: a time comes as a number. */
export function byteValue(type: ColumnType, epoch: boolean, precision: 'ms' | 's'): ByteValue {
  switch (type.kind) {
    case 'string':
      return readText
    case 'int':
      return readInt
    case 'double':
      return readDouble
    case 'bool':
      return readBool
    case 'enum':
      return enumValue(type.values)
    case 'money':
      return moneyValue(type.scale)
    case 'time':
      return timeValue(epoch, precision === 's' ? 1_000 : 1)
  }
}

/** The end of the text that a cursor stands at: where its closing quote is. -1 where it is not plain. */
function textEnd(cursor: ByteCursor): number {
  const { bytes } = cursor
  const end = bytes.length
  if (bytes[cursor.at] !== QUOTE) return -1
  for (let at = cursor.at + 1; at < end; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at
    if (byte === BACKSLASH || byte < 32 || byte > 127) return byte > 127 ? foreignTextEnd(cursor, at) : -1
  }
  return -1
}

function foreignTextEnd(cursor: ByteCursor, from: number): number {
  const { bytes } = cursor
  cursor.foreign = true
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at
    if (byte === BACKSLASH || byte < 32) return -1
  }
  return -1
}

function readText(cursor: ByteCursor): string | undefined {
  const start = cursor.at + 1
  const wasForeign = cursor.foreign
  cursor.foreign = false
  const end = textEnd(cursor)
  if (end < 0 || end - start > STRING_BYTES_MAX) return undefined
  const text = cursor.foreign ? cursor.utf8(start, end) : cursor.ascii(start, end)
  cursor.foreign ||= wasForeign
  cursor.at = end + 1
  return text
}

function readInt(cursor: ByteCursor): number | undefined {
  const { bytes } = cursor
  let at = cursor.at
  let byte = bytes[at]!
  const negative = byte === MINUS
  if (negative) byte = bytes[++at]!
  const first = at
  let value = 0
  while (byte >= ZERO && byte <= NINE) {
    value = value * 10 + (byte - ZERO)
    byte = bytes[++at]!
  }
  const digits = at - first
  if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[first] === ZERO)) return undefined
  // What may follow in a number, a point or an exponent, is none of the bytes that may follow a value.
  cursor.at = at
  return negative && value !== 0 ? -value : value
}

function readDouble(cursor: ByteCursor): number | undefined {
  const { bytes } = cursor
  const negative = bytes[cursor.at] === MINUS
  const first = negative ? cursor.at + 1 : cursor.at
  let at = first
  let byte = bytes[at]!
  let mantissa = 0
  while (byte >= ZERO && byte <= NINE) {
    mantissa = mantissa * 10 + (byte - ZERO)
    byte = bytes[++at]!
  }
  let digits = at - first
  if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return undefined
  let decimals = 0
  if (byte === POINT) {
    byte = bytes[++at]!
    while (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO)
      decimals++
      byte = bytes[++at]!
    }
    if (decimals === 0) return undefined
    digits += decimals
  }
  if (digits > DIGITS_MAX) return undefined
  const value = decimals === 0 ? mantissa : mantissa / POWERS[decimals]!
  cursor.at = at
  return negative && value !== 0 ? -value : value
}

const POWERS = Array.from({ length: DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent)

function readBool(cursor: ByteCursor): boolean | undefined {
  if (skipWord(cursor, TRUE)) return true
  return skipWord(cursor, FALSE) ? false : undefined
}

function enumValue(values: readonly string[]): ByteValue {
  if (values.length > COMPARED_VALUES_MAX) {
    const known = new Map(values.map((value) => [value, value]))
    return (cursor) => {
      const text = readText(cursor)
      return text === undefined ? undefined : known.get(text)
    }
  }
  // Half a surrogate pair has no UTF-8: its encoding would be that of another text.
  const quoted = values
    .filter((value) => value.isWellFormed())
    .filter((value) => JSON.stringify(value) === `"${value}"`)
    .map((value) => ({ value, bytes: Buffer.from(`"${value}"`), foreign: Buffer.byteLength(value) > value.length }))
  return (cursor) => {
    for (let i = 0; i < quoted.length; i++) {
      const { value, bytes, foreign } = quoted[i]!
      if (!skipWord(cursor, bytes)) continue
      if (foreign) cursor.foreign = true
      return value
    }
    return undefined
  }
}

function moneyValue(scale: number): ByteValue {
  return (cursor) => {
    if (cursor.bytes[cursor.at] === QUOTE) return moneyText(cursor, scale)
    const value = readDouble(cursor)
    return value === undefined ? undefined : (parseMoney(value, scale) ?? undefined)
  }
}

/** An amount in quotes, in whole minor units. */
function moneyText(cursor: ByteCursor, scale: number): number | undefined {
  const { bytes } = cursor
  const negative = bytes[cursor.at + 1] === MINUS
  const first = negative ? cursor.at + 2 : cursor.at + 1
  let at = first
  let byte = bytes[at]!
  let minor = 0
  while (byte >= ZERO && byte <= NINE) {
    minor = minor * 10 + (byte - ZERO)
    byte = bytes[++at]!
  }
  const digits = at - first
  if (digits === 0 || digits + scale > DIGITS_MAX || (digits > 1 && bytes[first] === ZERO)) return undefined
  let decimals = 0
  if (byte === POINT) {
    byte = bytes[++at]!
    while (byte >= ZERO && byte <= NINE) {
      if (decimals === scale) return undefined
      minor = minor * 10 + (byte - ZERO)
      decimals++
      byte = bytes[++at]!
    }
    if (decimals === 0) return undefined
  }
  if (byte !== QUOTE) return undefined
  cursor.at = at + 1
  minor *= POWERS[scale - decimals]!
  return negative && minor !== 0 ? -minor : minor
}

function timeValue(epoch: boolean, step_ms: number): ByteValue {
  const inRange = (time_ms: number) => time_ms >= TIME_MS_MIN && time_ms <= TIME_MS_MAX
  const floored = (time_ms: number) => (step_ms === 1 ? time_ms : Math.floor(time_ms / step_ms) * step_ms)
  if (epoch) {
    return (cursor) => {
      const time_ms = readInt(cursor)
      return time_ms !== undefined && inRange(time_ms) ? floored(time_ms) : undefined
    }
  }
  return (cursor) => {
    const end = textEnd(cursor)
    if (end < 0) return undefined
    const time_ms = isoTimeOf(cursor.bytes, cursor.at + 1, end)
    if (time_ms === null || !inRange(time_ms)) return undefined
    cursor.at = end + 1
    return floored(time_ms)
  }
}
