import type { ParsedEvent, TimelineModel } from '../features/model.ts'
import { keyText, TextKeys, timelineKey } from '../features/timeline-key.ts'
import { typeIdentity, type Value } from '../timeline/column-type.ts'
import { IdHash } from '../timeline/id-hash.ts'
import { RowEncoder } from '../timeline/row-codec.ts'
import type { RowSchemas } from '../timeline/row-schema.ts'
import type { TimelineAppend, TimelineKey } from './online-store.ts'
import { TextNumbers } from './text-numbers.ts'
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

/** Room for so many rows at first. */
const ROWS_MIN = 1_024

/** The hash of the event at hand, which the writers of all its timelines need. */
const idHash = new IdHash()

/** Rows of an entity whose key is hardly ever needed as one text. */
class TextAppend implements TimelineAppend {
  readonly head: string
  readonly text: string
  readonly rows: Uint8Array
  readonly expires_at_ms: number | null

  constructor(head: string, text: string, rows: Uint8Array, expires_at_ms: number | null) {
    this.head = head
    this.text = text
    this.rows = rows
    this.expires_at_ms = expires_at_ms
  }

  get key(): TimelineKey {
    return `${this.head}${this.text}}`
  }
}

/** Turns events of a source into rows of one timeline. Rows of one key are joined, as they are appended at once. */
export class TimelineWriter {
  readonly #timeline: TimelineModel
  readonly #retention_ms: number
  readonly #encoder: RowEncoder
  readonly #columns: readonly number[]
  readonly #row: Value[]
  readonly #keys: TextKeys
  /** The column of a key that is one text: it tells entities apart as well as the whole key, which is then made once for all their rows. */
  readonly #text: number | null
  /** The number of each entity among those that have pending rows, by its key or its text. */
  readonly #entities = new TextNumbers()
  #rows = 0
  /** By row: where it begins, and the row of the same entity before it, or -1. One place more than rows, for where the last one ends. */
  #starts = new Int32Array(ROWS_MIN + 1)
  #before = new Int32Array(ROWS_MIN)
  /** By entity, of which there are no more than rows: its last row, and its newest time. */
  #last = new Int32Array(ROWS_MIN)
  #newest_ms = new Float64Array(ROWS_MIN)
  /** Bytes of the rows of entities that have several. */
  #joined = 0

  constructor(timeline: TimelineModel, record: TimelineRecord) {
    this.#timeline = timeline
    this.#retention_ms = record.retention_ms
    this.#encoder = new RowEncoder(record.schemas)
    this.#columns = writtenColumns(timeline, record.schemas)
    this.#row = this.#columns.map(() => null)
    this.#keys = new TextKeys(timeline.fingerprint)
    const [first, ...others] = timeline.key
    const { kind } = timeline.source.columns[first!]!.type
    this.#text = others.length === 0 && (kind === 'string' || kind === 'enum') ? first! : null
  }

  /** Rows that were added since the last {@link take}. */
  get rows(): number {
    return this.#rows
  }

  /** Bytes of these rows. */
  get bytes(): number {
    return this.#encoder.length
  }

  /** Adds an event's row; an event whose key is null belongs to no entity and adds none. Throws a RowError for a row too long. */
  add(event: ParsedEvent): void {
    const { values, time_ms } = event
    const name = this.#nameOf(event)
    if (name === null) return
    const row = this.#row
    const columns = this.#columns
    for (let i = 0; i < columns.length; i++) row[i] = values[columns[i]!]!
    idHash.of(event.id)
    const start = this.#encoder.length
    this.#encoder.add(time_ms, idHash.low, idHash.high, event.version, event.deleted, row)
    this.#note(name, start, time_ms)
  }

  /** Takes back the rows of events that were added last, in this order. */
  takeBack(events: readonly ParsedEvent[]): void {
    for (const event of events.toReversed()) {
      const name = this.#nameOf(event)
      if (name !== null) this.#unnote(this.#entities.add(name))
    }
  }

  /**
   * The appends of all events added since the last call, one for each key, with its rows in the order they were added. `now_ms` null:
   * nothing expires.
   */
  take(now_ms: number | null): TimelineAppend[] {
    const starts = this.#starts
    const end = this.#encoder.length
    const bytes = this.#encoder.take(this.#joined)
    starts[this.#rows] = end
    const appends: TimelineAppend[] = []
    const names = this.#entities.texts
    let tail = end
    for (let entity = 0; entity < names.length; entity++) {
      const name = names[entity]!
      const last = this.#last[entity]!
      let from = starts[last]!
      let to = starts[last + 1]!
      if (this.#before[last]! >= 0) {
        from = tail
        to = this.#join(bytes, last, tail)
        tail = to
      }
      const rows = bytes.subarray(from, to)
      const expires_at_ms = now_ms === null ? null : expiryOf(this.#retention_ms, now_ms, this.#newest_ms[entity]!)
      const head = this.#text === null ? null : this.#keys.headOf(name)
      if (head !== null) appends.push(new TextAppend(head, name, rows, expires_at_ms))
      else appends.push({ key: this.#text === null ? name : this.#keys.of(name), rows, expires_at_ms })
    }
    this.#entities.clear()
    this.#rows = 0
    this.#joined = 0
    return appends
  }

  /** What tells the event's entity apart; null where it belongs to none. */
  #nameOf(event: ParsedEvent): string | null {
    return this.#text === null ? keyOf(this.#timeline, event) : (event.values[this.#text] as string | null)
  }

  #note(name: string, start: number, time_ms: number): void {
    if (this.#rows === this.#before.length) this.#grow()
    const row = this.#rows++
    const known = this.#entities.count
    const entity = this.#entities.add(name)
    this.#starts[row] = start
    if (entity === known) {
      this.#before[row] = -1
      this.#newest_ms[entity] = time_ms
    } else {
      const last = this.#last[entity]!
      if (this.#before[last]! < 0) this.#joined += this.#starts[last + 1]! - this.#starts[last]!
      this.#joined += this.#encoder.length - start
      this.#before[row] = last
      if (time_ms > this.#newest_ms[entity]!) this.#newest_ms[entity] = time_ms
    }
    this.#last[entity] = row
  }

  /** Forgets the last row, which is of this entity. */
  #unnote(entity: number): void {
    const row = --this.#rows
    const start = this.#starts[row]!
    const last = this.#before[row]!
    const length = this.#encoder.length - start
    this.#encoder.cut(start)
    if (last < 0) {
      this.#entities.dropLast()
      return
    }
    this.#last[entity] = last
    this.#joined -= length
    if (this.#before[last]! < 0) this.#joined -= this.#starts[last + 1]! - this.#starts[last]!
    let newest_ms = 0
    for (let at = last; at >= 0; at = this.#before[at]!) {
      newest_ms = Math.max(newest_ms, this.#encoder.timeAt(this.#starts[at]!))
    }
    this.#newest_ms[entity] = newest_ms
  }

  #grow(): void {
    const rows = 2 * this.#before.length
    const grown = <A extends Int32Array | Float64Array>(into: A, from: A): A => {
      into.set(from)
      return into
    }
    this.#starts = grown(new Int32Array(rows + 1), this.#starts)
    this.#before = grown(new Int32Array(rows), this.#before)
    this.#last = grown(new Int32Array(rows), this.#last)
    this.#newest_ms = grown(new Float64Array(rows), this.#newest_ms)
  }

  /** Lays the rows of one entity, of which this is the last, one behind the other from `at` on. Answers where they end. */
  #join(bytes: Uint8Array, last: number, at: number): number {
    let end = at
    for (let row = last; row >= 0; row = this.#before[row]!) end += this.#starts[row + 1]! - this.#starts[row]!
    let to = end
    for (let row = last; row >= 0; row = this.#before[row]!) {
      const start = this.#starts[row]!
      to -= this.#starts[row + 1]! - start
      bytes.copyWithin(to, start, this.#starts[row + 1]!)
    }
    return end
  }
}

/** Adds events of one message to all timelines of their source. Throws what a writer throws: then none has any of them. */
export function addToAll(writers: readonly TimelineWriter[], events: readonly ParsedEvent[]): void {
  let writer = 0
  let added = 0
  try {
    for (; writer < writers.length; writer++) {
      for (added = 0; added < events.length; added++) writers[writer]!.add(events[added]!)
    }
  } catch (error) {
    writers[writer]!.takeBack(events.slice(0, added))
    for (const full of writers.slice(0, writer)) full.takeBack(events)
    throw error
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
