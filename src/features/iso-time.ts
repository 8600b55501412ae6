const ZERO = 48
const DAY_MS = 86_400_000

/** Days before each month in a year that is no leap year. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const
const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** Two decimal digits at a place, or a number above 99 where they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const ones = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 100
}

/**
 * Epoch milliseconds of an instant in ISO 8601, `2024-05-01T12:30:00.123Z` or with an offset as `+02:00`; null for any
 * other text. Seconds may be left out; decimals beyond the millisecond are cut off (floored). A text without an offset
 * names no instant, `24:00` and leap seconds name one that has another name: all three are refused.
 */
export function parseIsoTime(text: string): number | null {
  const length = text.length
  if (length < 17) return null
  const century = two(text, 0)
  const rest = two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  const hour = two(text, 11)
  const minute = two(text, 14)
  if (century > 99 || rest > 99 || month < 1 || month > 12 || hour > 23 || minute > 59) return null
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':') return null
  const year = century * 100 + rest
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day < 1 || day > DAYS_IN[month - 1]! + (leap && month === 2 ? 1 : 0)) return null

  let at = 16
  let second = 0
  let ms = 0
  if (text[at] === ':') {
    second = two(text, at + 1)
    if (second > 59) return null
    at += 3
    if (text[at] === '.') {
      let digits = 0
      for (at++; at < length; at++, digits++) {
        const digit = text.charCodeAt(at) - ZERO
        if (digit < 0 || digit > 9) break
        if (digits < 3) ms = ms * 10 + digit
      }
      if (digits === 0) return null
      for (; digits < 3; digits++) ms *= 10
    }
  }

  let offset_min = 0
  const sign = text[at]
  if (sign === 'Z') {
    if (at + 1 !== length) return null
  } else if (sign === '+' || sign === '-') {
    const hours = two(text, at + 1)
    const minutes = two(text, at + 4)
    if (at + 6 !== length || text[at + 3] !== ':' || hours > 23 || minutes > 59) return null
    offset_min = (sign === '+' ? 1 : -1) * (hours * 60 + minutes)
  } else return null

  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  // 719,162 days lie between 0001-01-01 and 1970-01-01.
  const days = before * 365 + leapDays + DAYS_BEFORE[month - 1]! + (leap && month > 2 ? 1 : 0) + day - 1 - 719_162
  return days * DAY_MS + (hour * 60 + minute - offset_min) * 60_000 + second * 1_000 + ms
}
