import type { ServedValue } from '../serving/answer-writer.ts'
import type { Value } from '../timeline/column-type.ts'

/** An event of the entity that a value is about. */
export interface EventBehind {
  /** In ISO 8601. */
  readonly time: string
  readonly time_ms: number
  readonly id: string
  readonly version: number
  /** It is the event that is being scored. */
  readonly scored: boolean
  /** The columns that features of the service read: money in minor units, times in ISO 8601. */
  readonly columns: Readonly<Record<string, Value>>
}

/** An event of the entity that does not count. */
export interface PassedOver extends EventBehind {
  readonly why: string
}

/** A value and what it was computed from. */
export interface ExplainedValue {
  readonly name: string
  readonly value: ServedValue
  /** The instant, in ISO 8601. */
  readonly as_of: string
  /** The feature as one would write it, or `derive`. */
  readonly definition: string
  /** Of a feature; null where its key is. Its parts by name, as texts. */
  readonly entity: Readonly<Record<string, string>> | null
  /** Of a feature: later than `after`, up to and with `until`. */
  readonly window: { readonly after: string; readonly until: string } | null
  /** The columns that the feature reads. */
  readonly reads: readonly string[]
  /** The events in the window that pass the feature's filter, newest first. */
  readonly counted: readonly EventBehind[]
  /** The other events of the entity, newest first. */
  readonly passedOver: readonly PassedOver[]
  /** Of a derived value: the features that its function reads. */
  readonly from: readonly ExplainedValue[]
  /** All of it for people. */
  toString(): string
}

/** What makes two events one. */
export function placeOf({ time_ms, id }: Pick<EventBehind, 'time_ms' | 'id'>): string {
  return `${time_ms} ${id}`
}
