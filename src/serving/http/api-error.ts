import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ServingError } from '../serving-error.ts'
import { type ApiCode, HTTP_ERRORS, type HttpErrorCode } from './error-table.ts'

/** A call that is refused by the API itself. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiCode
  readonly cure: string | null
  readonly field = null
  readonly value = null
  constructor(code: ApiCode, message: string, cure: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.cure = cure
  }
}

/** What is wrong, in the one form that all answers have it in. */
export interface Problem {
  readonly code: HttpErrorCode
  /** Where in the request, as `keys.card_id`; of an event, its column. Null where the whole is meant. */
  readonly field: string | null
  /** What stands there: JSON, shortened. Null where nothing does. */
  readonly value: string | null
  readonly message: string
  readonly cure: string
}

/** What every error looks like on the wire. */
export interface ErrorBody {
  readonly error: Problem
}

export function errorBody(error: ApiError | ServingError): ErrorBody {
  return { error: problemOf(error) }
}

/** A problem as it is told. Where nobody knows a cure of its own, it is that of its code. */
export function problemOf({
  code,
  field,
  value,
  message,
  cure,
}: Omit<Problem, 'cure'> & { readonly cure: string | null }): Problem {
  return {
    code,
    field: field === null ? null : tidy(field),
    value: value === null ? null : tidy(value),
    message: tidy(message),
    cure: tidy(cure ?? HTTP_ERRORS[code].cure),
  }
}

/** Most characters of a text in an error: names that were sent are told as they are, and may be as long as a body. */
const TEXT_MAX = 600

/** Short enough to read, and Unicode: not all that reads JSON takes half of a surrogate pair. */
function tidy(text: string): string {
  return (text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}...`).toWellFormed()
}

export function errorStatus({ code }: ApiError | ServingError): ContentfulStatusCode {
  return HTTP_ERRORS[code].status
}

/** Headers of an error's answer: when to ask again, where that helps. */
export function errorHeaders({ code }: ApiError | ServingError): Record<string, string> {
  const { retry_s } = HTTP_ERRORS[code]
  return retry_s === undefined ? {} : { 'retry-after': String(retry_s) }
}

/** The error to answer with: what is none of ours may say things that are not for callers. */
export function publicError(error: unknown): ApiError | ServingError {
  if (error instanceof ApiError || error instanceof ServingError) return error
  return new ApiError('INTERNAL', 'millrace failed: nothing is wrong with the request', 'ask again, and see its log')
}
