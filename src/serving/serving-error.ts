import { EventError, type EventProblemCode } from '../features/event-error.ts'

/** Whose fault an error is: the caller's, another system's, or our own. */
export type Fault = 'user' | 'external' | 'internal'

/** Everything that can be wrong with a question, beside what is wrong with an event in it. */
export type ServingCode =
  /** A name in the path is not defined. */
  | 'SERVICE_UNKNOWN'
  | 'FEATURE_UNKNOWN'
  /** The request, or a part of it, is not the kind of JSON value that it must be. */
  | 'REQUEST_SHAPE'
  | 'FIELD_UNKNOWN'
  | 'FIELD_MISSING'
  | 'FIELD_VALUE'
  /** The service has a value that is not a number. */
  | 'VECTOR_UNFIT'
  /** The online store could not be read. */
  | 'STORE_FAILED'
  /** The online store does not know these definitions yet. */
  | 'NOT_READY'
  | EventProblemCode

const FAULTS: Partial<Record<ServingCode, Fault>> = { STORE_FAILED: 'external', NOT_READY: 'external' }

export interface ServingErrorOptions {
  /** Where in the request, as `keys.card_id`. */
  readonly field?: string
  /** What stands there, as {@link showValue} shows it. */
  readonly value?: string | null
  /** What to do about it, as a sentence without its full stop. */
  readonly cure?: string
  readonly cause?: unknown
}

/** Why a question got no answer. What is the caller's fault fails again when it is sent again; the rest may be retried. */
export class ServingError extends Error {
  override readonly name = 'ServingError'
  readonly code: ServingCode
  readonly field: string | null
  readonly value: string | null
  readonly cure: string | null
  readonly fault: Fault
  constructor(code: ServingCode, message: string, options: ServingErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.field = options.field ?? null
    this.value = options.value ?? null
    this.cure = options.cure ?? null
    this.fault = FAULTS[code] ?? 'user'
  }

  get retryable(): boolean {
    return this.fault !== 'user'
  }
}

/** The error of a value that was refused, at its place in the request; other errors as they are. */
export function refusedAt(place: 'event' | 'keys', error: unknown): unknown {
  if (!(error instanceof EventError)) return error
  const { value, cure } = error
  const field = error.column === null ? place : `${place}.${error.column}`
  // The message of a key names it without its place.
  const message = place === 'keys' ? `keys.${error.message}` : error.message
  return new ServingError(error.code, message, { field, value, cure, cause: error })
}
