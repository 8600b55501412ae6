import { showValue } from '../features/event-error.ts'
import type { FeatureModel, SourceColumn } from '../features/model.ts'
import { namesCure } from '../features/nearest-name.ts'
import { timelineKey } from '../features/timeline-key.ts'
import type { TimelineRecord } from '../stores/timeline-registry.ts'
import type { Value } from '../timeline/column-type.ts'
import { RowError } from '../timeline/row-codec.ts'
import { type ListedRow, listRows, type RowListing } from '../timeline/row-list.ts'
import { findColumn, type RowSchemas } from '../timeline/row-schema.ts'
import { type ServedValue, servedValue } from './answer-writer.ts'
import { STATUS_NAMES } from './feature-status.ts'
import { readAt } from './instant.ts'
import { KeyFields } from './key-fields.ts'
import { ServingError } from './serving-error.ts'
import type { Present } from './store-reader.ts'
import { TimelineReader, type Vector } from './timeline-reader.ts'

/** Most events that are listed, and how many are where the request does not say: an answer for people to read. */
export const EVENTS_LISTED_MAX = 10_000
export const EVENTS_LISTED_DEFAULT = 1_000

/** One event behind a value. */
export interface EventBehind {
  readonly time: string
  readonly time_ms: number
  /** xxHash64 of the event's id, as rows keep it: 16 hexadecimal digits. */
  readonly id_hash: string
  readonly version: number
  /** The columns that the timeline keeps: money in minor units, times as ISO 8601. */
  readonly columns: Readonly<Record<string, Value>>
}

/** A value and the events it was computed from. */
export interface FeatureEvents {
  readonly feature: string
  readonly as_of: number
  /** The window: later than `after_ms`, up to and with `until_ms`. */
  readonly window: { readonly after_ms: number; readonly until_ms: number }
  readonly value: ServedValue
  readonly status: (typeof STATUS_NAMES)[number]
  /** How many events the window holds that pass the feature's filter. */
  readonly total: number
  /** The newest of them, newest first. */
  readonly events: readonly EventBehind[]
}

/** What was asked of a feature. */
export interface FeatureQuestion {
  readonly at_ms: number | null
  /** Null where a part of the key is null. */
  readonly key: string | null
  readonly limit: number
}

const FIELDS = ['keys', 'at', 'limit']

/** Understands `{ keys, at, limit }`. Throws a ServingError. */
export function readFeatureQuestion(feature: FeatureModel, body: unknown): FeatureQuestion {
  const cure = `a question about a feature takes ${FIELDS.join(', ')}`
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ServingError('REQUEST_SHAPE', `${showValue(body)} is not a request: it must be a JSON object`, {
      value: showValue(body),
      cure,
    })
  }
  for (const field in body) {
    if (FIELDS.includes(field)) continue
    const near = namesCure(field, FIELDS, cure)
    throw new ServingError('FIELD_UNKNOWN', `'${field}' is no field of a request`, { field, cure: near })
  }
  const { keys, at, limit } = body as Readonly<Record<string, unknown>>
  const { entity, fingerprint } = feature.timeline
  const parts = new KeyFields(feature.name, entity.key).read(keys)
  const key = parts.includes(null) ? null : timelineKey(fingerprint, parts as string[])
  return { at_ms: readAt(at), key, limit: readLimit(limit) }
}

function readLimit(limit: unknown): number {
  if (limit === undefined) return EVENTS_LISTED_DEFAULT
  if (Number.isInteger(limit) && (limit as number) >= 0 && (limit as number) <= EVENTS_LISTED_MAX)
    return limit as number
  const value = showValue(limit)
  const message = `limit: ${value} is not a whole number from 0 to ${EVENTS_LISTED_MAX}`
  throw new ServingError('FIELD_VALUE', message, { field: 'limit', value, cure: 'leave it out for 1,000' })
}

/**
 * The value of a feature and the rows behind it. Bytes that cannot be read give the status `error`; where a row is of a
 * schema that the record does not have, and `last` is false, the RowError is thrown: the registry may have it by now.
 */
export function featureEvents(
  feature: FeatureModel,
  record: TimelineRecord | null,
  question: FeatureQuestion,
  stored: Uint8Array | null,
  present: Present,
  last: boolean,
): FeatureEvents {
  const reader = new TimelineReader(feature.timeline, [feature], [0])
  reader.update(record)
  reader.assertReady()
  const at_ms = question.at_ms ?? present.now_ms
  const vector: Vector = { at_ms, values: [null], statuses: new Uint8Array(1), flawed: false }
  const until_ms = at_ms - feature.delay_ms
  const window = { after_ms: until_ms - feature.window_ms, until_ms }
  let listing: RowListing = { rows: [], total: 0 }
  if (question.key === null) reader.missing(vector)
  else {
    try {
      reader.read(stored, null, present, present.watermarks[0]!, vector)
      const { schemas } = record!
      listing = listRows(stored, schemas, keptColumns(feature, schemas), window, feature.spec.where, question.limit)
    } catch (error) {
      if (!(error instanceof RowError) || (error.code === 'ROW_SCHEMA_UNKNOWN' && !last)) throw error
      reader.failed(vector)
    }
  }
  return {
    feature: feature.name,
    as_of: at_ms,
    window,
    value: servedValue(vector.values[0]!),
    status: STATUS_NAMES[vector.statuses[0]!]!,
    total: listing.total,
    events: listing.rows.map(eventBehind),
  }
}

/** The columns of the source that rows of the timeline may hold. */
function keptColumns({ timeline }: FeatureModel, schemas: RowSchemas): SourceColumn[] {
  return timeline.source.columns.filter(({ name, type }) => findColumn(schemas, name, type) >= 0)
}

function eventBehind({ time_ms, idHash, version, columns }: ListedRow): EventBehind {
  return { time: new Date(time_ms).toISOString(), time_ms, id_hash: idHash, version, columns }
}
