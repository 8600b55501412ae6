import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ServingCode, ServingError } from '../serving-error.ts'

/** What can be wrong with a call, beside what is wrong with the question in it. */
export type ApiCode =
  | 'ROUTE_UNKNOWN'
  | 'METHOD_NOT_ALLOWED'
  | 'SOURCE_UNKNOWN'
  | 'SOURCE_NOT_STREAMED'
  /** The connection ended before the body. */
  | 'BODY_BROKEN'
  | 'BODY_JSON'
  | 'BODY_TOO_LARGE'
  | 'BODY_TYPE'
  /** The log did not take the events. */
  | 'INTAKE_FAILED'
  | 'INTERNAL'

const STATUS: Partial<Record<ApiCode | ServingCode, ContentfulStatusCode>> = {
  BODY_BROKEN: 400,
  ROUTE_UNKNOWN: 404,
  SERVICE_UNKNOWN: 404,
  FEATURE_UNKNOWN: 404,
  SOURCE_UNKNOWN: 404,
  SOURCE_NOT_STREAMED: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  BODY_TYPE: 415,
  INTERNAL: 500,
  STORE_FAILED: 503,
  NOT_READY: 503,
  INTAKE_FAILED: 503,
}

/** A call that is refused by the API itself. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiCode
  readonly cure: string | null
  readonly path = null
  constructor(code: ApiCode, message: string, cure: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.cure = cure
  }
}

/** What every error looks like on the wire. */
export interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly message: string
    /** Where in the request, as `keys.card_id`. */
    readonly path?: string
    readonly cure?: string
  }
}

export function errorBody({ code, message, path, cure }: ApiError | ServingError): ErrorBody {
  return { error: { code, message, ...(path === null ? {} : { path }), ...(cure === null ? {} : { cure }) } }
}

export function errorStatus({ code }: ApiError | ServingError): ContentfulStatusCode {
  return STATUS[code] ?? 422
}

/** The error to answer with: what is none of ours may say things that are not for callers. */
export function publicError(error: unknown): ApiError | ServingError {
  if (error instanceof ApiError || error instanceof ServingError) return error
  return new ApiError('INTERNAL', 'millrace failed: nothing is wrong with the request', 'ask again, and see its log')
}
