/** Most characters of a value that a message shows: enough to find it, not enough to fill a log. */
const SHOWN_MAX = 40

/** A value as messages show it: JSON, shortened. */
export function showValue(value: unknown): string {
  const text = textOf(value)
  if (text.length <= SHOWN_MAX) return text
  const cut = text.slice(0, SHOWN_MAX - 3)
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}...`
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value)
  if (typeof value === 'bigint') return `${value}n`
  // A lone surrogate is shown as its escape, which JSON does by itself.
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_MAX))
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return value instanceof Date ? 'a Date' : 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

/** The same with texts in single quotes, as definitions write them. */
export function quoteValue(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : showValue(value)
}
