import type { ByteCursor } from './byte-cursor.ts'

/** Lists and objects in one another that are passed over at most. */
const DEPTH_MAX = 32

const QUOTE = 34
const PLUS = 43
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const COLON = 58
const LIST = 91
const BACKSLASH = 92
const LIST_END = 93
const OBJECT = 123
const OBJECT_END = 125

/** What may follow a backslash, but for `u`: `" \ / b f n r t`. */
const ESCAPED: ReadonlySet<number | undefined> = new Set([34, 92, 47, 98, 102, 110, 114, 116])
const UNICODE = 117

const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))

/** The first place from `at` on that is no blank as JSON knows them. */
export function skipBlanks(bytes: Uint8Array, at: number): number {
  let next = at
  for (let byte = bytes[next]; byte === 32 || byte === 10 || byte === 13 || byte === 9; byte = bytes[next]) next++
  return next
}

/** Passes over any JSON value. Answers false where there is none, or none as plain as this code knows them. */
export function skipValue(cursor: ByteCursor, depth = 0): boolean {
  switch (cursor.bytes[cursor.at]) {
    case QUOTE:
      return skipText(cursor)
    case LIST:
      return depth < DEPTH_MAX && skipMembers(cursor, depth + 1, LIST_END, false)
    case OBJECT:
      return depth < DEPTH_MAX && skipMembers(cursor, depth + 1, OBJECT_END, true)
    default:
      return skipNumber(cursor) || LITERALS.some((word) => skipWord(cursor, word))
  }
}

/** Passes over exactly these bytes, if they are there. */
export function skipWord(cursor: ByteCursor, word: Uint8Array): boolean {
  const { bytes, at } = cursor
  if (at + word.length > bytes.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false
  cursor.at = at + word.length
  return true
}

function skipMembers(cursor: ByteCursor, depth: number, end: number, named: boolean): boolean {
  const { bytes } = cursor
  cursor.at = skipBlanks(bytes, cursor.at + 1)
  if (bytes[cursor.at] === end) {
    cursor.at++
    return true
  }
  for (;;) {
    if (named) {
      if (bytes[cursor.at] !== QUOTE || !skipText(cursor)) return false
      cursor.at = skipBlanks(bytes, cursor.at)
      if (bytes[cursor.at] !== COLON) return false
      cursor.at = skipBlanks(bytes, cursor.at + 1)
    }
    if (!skipValue(cursor, depth)) return false
    cursor.at = skipBlanks(bytes, cursor.at)
    const byte = bytes[cursor.at]
    cursor.at++
    if (byte === end) return true
    if (byte !== COMMA) return false
    cursor.at = skipBlanks(bytes, cursor.at)
  }
}

function skipText(cursor: ByteCursor): boolean {
  const { bytes } = cursor
  const end = bytes.length
  for (let at = cursor.at + 1; at < end; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      cursor.at = at + 1
      return true
    }
    if (byte < 32) return false
    if (byte > 127) cursor.foreign = true
    if (byte !== BACKSLASH) continue
    const escaped = bytes[++at]
    if (escaped === UNICODE) {
      for (let digit = 0; digit < 4; digit++) if (!isHex(bytes[++at])) return false
    } else if (!ESCAPED.has(escaped)) return false
  }
  return false
}

function skipNumber(cursor: ByteCursor): boolean {
  const { bytes } = cursor
  const start = bytes[cursor.at] === MINUS ? cursor.at + 1 : cursor.at
  let at = skipDigits(bytes, start)
  if (at === start || (bytes[start] === ZERO && at > start + 1)) return false
  if (bytes[at] === POINT) {
    const end = skipDigits(bytes, at + 1)
    if (end === at + 1) return false
    at = end
  }
  if (((bytes[at] ?? 0) | 32) === 101) {
    const sign = bytes[at + 1]
    const first = sign === PLUS || sign === MINUS ? at + 2 : at + 1
    at = skipDigits(bytes, first)
    if (at === first) return false
  }
  cursor.at = at
  return true
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let next = at
  for (let byte = bytes[next]!; byte >= ZERO && byte <= NINE; byte = bytes[next]!) next++
  return next
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 32
  return (byte >= ZERO && byte <= NINE) || (lower >= 97 && lower <= 102)
}
