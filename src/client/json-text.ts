import { MillraceError } from './millrace-error.ts'

/**
 * A value as JSON. Throws a MillraceError `REQUEST_INVALID` for what JSON cannot say: of NaN it would make null, which is another
 * value, and says nothing.
 */
export function jsonText(value: unknown, what: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value, refuseNumbers)
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('REQUEST_INVALID', `${what} cannot be said in JSON: ${message}`, {
      cure: 'send plain objects of numbers, strings, booleans, lists and null; a bigint as a string',
      cause,
    })
  }
  if (text !== undefined) return text
  throw new MillraceError('REQUEST_INVALID', `${what} is ${typeof value}, not an object`, { cure: 'send an object' })
}

function refuseNumbers(field: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  throw new MillraceError('REQUEST_INVALID', `${field}: ${value} is no number of JSON`, {
    field,
    value: String(value),
    cure: 'send null, or leave it out, where the number is not known',
  })
}
