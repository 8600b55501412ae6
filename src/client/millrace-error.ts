/** What can go wrong before an answer is there. */
export type ClientCode =
  /** The caller's `signal` said stop. `cause` is its reason. */
  | 'ABORTED'
  /** No answer came in time. */
  | 'TIMEOUT'
  /** The server could not be reached, or the connection broke. */
  | 'CONNECTION_FAILED'
  /** What came is no answer of millrace: the url may be another server's. */
  | 'ANSWER_INVALID'
  /** A status that millrace did not send: a proxy's, or a redirection. */
  | 'HTTP_STATUS'
  /** What is to be sent cannot be said in JSON, as a bigint or NaN. */
  | 'REQUEST_INVALID'
  /** A vector has another fingerprint than the one that was asked for. */
  | 'VECTOR_CHANGED'
  /** A row or event is larger than the server reads. */
  | 'BODY_TOO_LARGE'
  /** An option of the client or of a call is wrong. */
  | 'OPTION_INVALID'

/** Codes of the server, as `'EVENT_VALUE'`, come as they are. */
export type MillraceErrorCode = ClientCode | (string & Record<never, never>)

export interface MillraceErrorOptions {
  readonly status?: number | null
  readonly field?: string | null
  readonly value?: string | null
  readonly cure?: string | null
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Why a call got no answer. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError'
  readonly code: MillraceErrorCode
  /** The HTTP status of the answer; null where there was none, and for a row of a batch. */
  readonly status: number | null
  /** Where in the request, as `event.amount`; null where the whole is meant. */
  readonly field: string | null
  /** What stands there: JSON, shortened; null where nothing does. */
  readonly value: string | null
  /** What to do about it. */
  readonly cure: string | null
  /** Whether the same call may go well later. The client has tried again already, as often as it may. */
  readonly retryable: boolean

  constructor(code: MillraceErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.status = options.status ?? null
    this.field = options.field ?? null
    this.value = options.value ?? null
    this.cure = options.cure ?? null
    this.retryable = options.retryable ?? false
  }
  /** For logs of JSON, from which the message of an error is missing otherwise. */
  toJSON(): object {
    const { name, code, message, status, field, value, cure, retryable } = this
    return { name, code, message, status, field, value, cure, retryable }
  }
}
