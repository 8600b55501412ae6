import type { MillraceError } from './millrace-error.ts'

/**
 * Why a value may not be trusted. `stale`: the stream of its source is behind. `incomplete`: its window begins before what the store
 * holds. `missing`: its key is null. `error`: it could not be computed; it is null then.
 */
export type FeatureStatus = 'stale' | 'incomplete' | 'missing' | 'error'

/** What a service answers. */
export interface Answer<Vector, Name extends string = string> {
  readonly service: Name
  /** Of the definitions: another one means that the same name may mean something else. */
  readonly version: string
  /** The instant that the values are for, in epoch milliseconds. */
  readonly as_of: number
  readonly features: Vector
  /** Of every value that is not ok: empty where all are exact. */
  readonly status: { readonly [N in keyof Vector]?: FeatureStatus }
  /** By source: every event that reached the log before this instant, in epoch milliseconds, is counted. */
  readonly watermarks: Readonly<Record<string, number>>
}

/** What the numbers of a vector are. */
export interface VectorForm<Vector, Name extends string = string> {
  readonly service: Name
  readonly version: string
  /** Hash of the names in their order. */
  readonly fingerprint: string
  /** One for each number. */
  readonly names: readonly (keyof Vector & string)[]
}

/** What a service answers in vector mode: numbers alone, for model runtimes. */
export interface VectorAnswer<Vector, Name extends string = string> extends Omit<Answer<Vector, Name>, 'features'> {
  /** That of the {@link VectorForm}: another one means other names, or another order. */
  readonly fingerprint: string
  /** True is 1, false is 0; an integer past 2^53 is the nearest number. */
  readonly values: readonly (number | null)[]
}

/** A row of a batch that got no answer. */
export interface RefusedRow {
  readonly error: MillraceError
  readonly features?: undefined
  readonly values?: undefined
}

/** A row of a batch: `row.error` tells which it is. */
export type BatchRow<Given> = (Given & { readonly error?: undefined }) | RefusedRow

/** An event that its source refuses. */
export interface RejectedEvent {
  /** Its place among the events that were sent, from 0. */
  readonly index: number
  readonly code: string
  /** The column that is wrong; null where the event as a whole is. */
  readonly field: string | null
  /** What stands there: JSON, shortened; null where nothing does. */
  readonly value: string | null
  readonly message: string
  /** What to send instead. */
  readonly cure: string
}

/** What became of events that were sent. */
export interface Taken {
  /** How many are in the log, on disk. */
  readonly accepted: number
  readonly rejected: readonly RejectedEvent[]
}
