import type { ParsedEvent, TimelineModel } from '../features/model.ts'
import { keyText, timelineKey } from '../features/timeline-key.ts'
import { typeIdentity, type Value } from '../timeline/column-type.ts'
import { hash64 } from '../timeline/id-hash.ts'
import { RowEncoder } from '../timeline/row-codec.ts'
import type { RowSchemas } from '../timeline/row-schema.ts'
import type { TimelineAppend, TimelineKey } from './online-store.ts'
import type { TimelineRecord } from './timeline-registry.ts'

/** A timeline outlives its retention by this long: a row must never expire while a window can still hold it (L9). */
export const EXPIRY_SLACK_MS = 24 * 3_600_000

/** The source columns that rows of the registry's last schema hold, in its order. */
export function writtenColumns(timeline: TimelineModel, schemas: RowSchemas): number[] {
  return schemas.schemas.at(-1)!.columns.map((number) => {
    const { name, type } = schemas.columns[number]!
    const found = timeline.source.columns.findIndex(
      (column) => column.name === name && typeIdentity(column.type) === typeIdentity(type),
    )
    if (found < 0)
      throw new Error(`the registry of ${timeline.source.name} writes ${name}, which the source no longer has`)
    return found
  })
}

/** The expiry of rows written now: relative to the write; a row ahead of the clock stays as much longer (L9, L10). */
export function expiryOf(retention_ms: number, now_ms: number, time_ms: number): number {
  return now_ms + retention_ms + EXPIRY_SLACK_MS + Math.max(0, time_ms - now_ms)
}

/** Turns events of a source into rows of one timeline. */
export class TimelineWriter {
  readonly #timeline: TimelineModel
  readonly #retention_ms: number
  readonly #encoder: RowEncoder
  readonly #columns: readonly number[]
  readonly #row: Value[]
  readonly #pending: { key: TimelineKey; start: number; time_ms: number }[] = []

  constructor(timeline: TimelineModel, record: TimelineRecord) {
    this.#timeline = timeline
    this.#retention_ms = record.retention_ms
    this.#encoder = new RowEncoder(record.schemas)
    this.#columns = writtenColumns(timeline, record.schemas)
    this.#row = this.#columns.map(() => null)
  }

  /** Adds an event's row; an event whose key is null belongs to no entity and adds none. Throws a RowError for a row too long. */
  add(event: ParsedEvent): void {
    const key = keyOf(this.#timeline, event)
    if (key === null) return
    const id = hash64(event.id)
    for (let i = 0; i < this.#columns.length; i++) this.#row[i] = event.values[this.#columns[i]!]!
    const start = this.#encoder.length
    this.#encoder.add(
      event.time_ms,
      Number(id & 0xffffffffn),
      Number(id >> 32n),
      event.version,
      event.deleted,
      this.#row,
    )
    this.#pending.push({ key, start, time_ms: event.time_ms })
  }

  /** The appends of all events added since the last call. `now_ms` null: nothing expires. */
  take(now_ms: number | null): TimelineAppend[] {
    const rows = this.#encoder.take()
    const appends = this.#pending.map(({ key, start, time_ms }, i) => ({
      key,
      rows: rows.subarray(start, this.#pending[i + 1]?.start ?? rows.length),
      expires_at_ms: now_ms === null ? null : expiryOf(this.#retention_ms, now_ms, time_ms),
    }))
    this.#pending.length = 0
    return appends
  }
}

/** The key of the timeline that an event belongs to; null where a part of it is null. */
export function keyOf(timeline: TimelineModel, event: ParsedEvent): TimelineKey | null {
  const parts: string[] = []
  for (const column of timeline.key) {
    const value = event.values[column]!
    if (value === null) return null
    parts.push(keyText(timeline.source.columns[column]!.type, value))
  }
  return timelineKey(timeline.fingerprint, parts)
}
