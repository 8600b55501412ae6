import { HTTP_ERRORS, type HttpErrorCode } from './error-table.ts'
import type { JsonSchema } from './json-schema.ts'

/** A body can be wrong in these ways, whatever is to be in it. */
export const BODY_ERRORS: readonly HttpErrorCode[] = ['BODY_BROKEN', 'BODY_JSON', 'BODY_TOO_LARGE', 'BODY_TYPE']

/** A request that was read is wrong in one of these ways, or cannot be answered now. */
export const QUESTION_ERRORS: readonly HttpErrorCode[] = [
  'REQUEST_SHAPE',
  'FIELD_UNKNOWN',
  'FIELD_MISSING',
  'FIELD_VALUE',
  'STORE_FAILED',
  'NOT_READY',
]

const RETRY_AFTER = { description: 'Seconds to wait before the same call.', schema: { type: 'integer', minimum: 1 } }

/**
 * The answers of a route that are errors, by status: each names its codes, with an example of each. `schemas` has those of a status that
 * do not look like the others.
 */
export function errorResponses(
  codes: readonly HttpErrorCode[],
  refusal: JsonSchema,
  schemas: Readonly<Record<number, JsonSchema>> = {},
): Record<string, JsonSchema> {
  const all = [...new Set<HttpErrorCode>([...codes, 'INTERNAL'])]
  const statuses = [...new Set(all.map((code) => HTTP_ERRORS[code].status))].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => {
      const own = all.filter((code) => HTTP_ERRORS[code].status === status).sort()
      const description = own.map((code) => `\`${code}\`: ${HTTP_ERRORS[code].meaning}.`).join('\n\n')
      const examples = Object.fromEntries(own.map((code) => [code, { value: errorExample(code) }]))
      const content = { 'application/json': { schema: schemas[status] ?? refusal, examples } }
      const isRetried = own.some((code) => HTTP_ERRORS[code].retry_s !== undefined)
      return [status, { description, ...(isRetried ? { headers: { 'Retry-After': RETRY_AFTER } } : {}), content }]
    }),
  )
}

function errorExample(code: HttpErrorCode): object {
  const { meaning, cure } = HTTP_ERRORS[code]
  return { error: { code, field: null, value: null, message: meaning, cure } }
}
