const ZERO = 48
const DAY_MS = 86_400_000

/** Days before each month in a year that is no leap year. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const
const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

const PLUS = 43
const MINUS = 45
const POINT = 46
const COLON = 58

/** Most texts fit; longer ones have decimals beyond any use. */
const scratch = new Uint8Array(64)

/** Two decimal digits at a place, or a number above 99 where they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO
  const ones = bytes[at + 1]! - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 100
}

/**
 * Epoch milliseconds of an instant in ISO 8601, `2024-05-01T12:30:00.123Z` or with an offset as `+02:00`; null for any
 * other text. Seconds may be left out; decimals beyond the millisecond are cut off (floored). A text without an offset
 * names no instant, `24:00` and leap seconds name one that has another name: all three are refused.
 */
export function parseIsoTime(text: string): number | null {
  const { length } = text
  if (length > scratch.length) return isoTimeOf(Buffer.from(text), 0, Buffer.byteLength(text))
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return null
    scratch[i] = unit
  }
  return isoTimeOf(scratch, 0, length)
}

/** The same of a text's bytes from `start` to `end`, in UTF-8. */
export function isoTimeOf(bytes: Uint8Array, start: number, end: number): number | null {
  if (end - start < 17) return null
  const century = two(bytes, start)
  const rest = two(bytes, start + 2)
  const month = two(bytes, start + 5)
  const day = two(bytes, start + 8)
  const hour = two(bytes, start + 11)
  const minute = two(bytes, start + 14)
  if (century > 99 || rest > 99 || month < 1 || month > 12 || hour > 23 || minute > 59) return null
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return null
  if (bytes[start + 10] !== 84 /* T */ || bytes[start + 13] !== COLON) return null
  const year = century * 100 + rest
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day < 1 || day > DAYS_IN[month - 1]! + (leap && month === 2 ? 1 : 0)) return null

  let at = start + 16
  let second = 0
  let ms = 0
  if (bytes[at] === COLON) {
    second = two(bytes, at + 1)
    // A text that ends within its seconds has none, whatever bytes lie behind it.
    if (second > 59 || at + 3 > end) return null
    at += 3
    if (at < end && bytes[at] === POINT) {
      let digits = 0
      for (at++; at < end; at++, digits++) {
        const digit = bytes[at]! - ZERO
        if (digit < 0 || digit > 9) break
        if (digits < 3) ms = ms * 10 + digit
      }
      if (digits === 0) return null
      for (; digits < 3; digits++) ms *= 10
    }
  }

  let offset_min = 0
  if (at >= end) return null
  const sign = bytes[at]
  if (sign === 90 /* Z */) {
    if (at + 1 !== end) return null
  } else if (sign === PLUS || sign === MINUS) {
    if (at + 6 !== end || bytes[at + 3] !== COLON) return null
    const hours = two(bytes, at + 1)
    const minutes = two(bytes, at + 4)
    if (hours > 23 || minutes > 59) return null
    offset_min = (sign === PLUS ? 1 : -1) * (hours * 60 + minutes)
  } else return null

  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  // 719,162 days lie between 0001-01-01 and 1970-01-01.
  const days = before * 365 + leapDays + DAYS_BEFORE[month - 1]! + (leap && month > 2 ? 1 : 0) + day - 1 - 719_162
  return days * DAY_MS + (hour * 60 + minute - offset_min) * 60_000 + second * 1_000 + ms
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'))

/** Times that are written one after another are mostly near one another: the day is made anew where it changes. */
let lastDay = Number.NaN
let lastDayText = ''

/** The same as `new Date(time_ms).toISOString()`, at a third of the time. Throws a RangeError for what no Date can hold. */
export function formatIsoTime(time_ms: number): string {
  const day = Math.floor(time_ms / DAY_MS)
  if (day !== lastDay) {
    lastDayText = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length)
    lastDay = day
  }
  const rest = time_ms - day * DAY_MS
  const second = Math.floor(rest / 1_000)
  const hours = TWO_DIGITS[Math.floor(second / 3_600)]!
  const minutes = TWO_DIGITS[Math.floor(second / 60) % 60]!
  const decimals = String(1_000 + (rest % 1_000)).slice(1)
  return `${lastDayText}${hours}:${minutes}:${TWO_DIGITS[second % 60]!}.${decimals}Z`
}
