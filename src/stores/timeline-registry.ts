import type { Model, SourceModel, TimelineModel } from '../features/model.ts'
import { EMPTY_SCHEMAS, extendSchemas, findColumn, type RowSchemas, type StoredColumn } from '../timeline/row-schema.ts'
import type { OnlineStore } from './online-store.ts'

/** "Since ever": no event is older (times before 2000 are refused). */
export const SINCE_EVER_MS = 0

/** Where the stream began to write a row schema: what came before must come from the archive (L12). */
export interface Handover {
  /** The row schema that is written from here on. */
  readonly schema: number
  readonly topic: string
  /** By partition: the first offset whose event is written with this schema. */
  readonly positions: Readonly<Record<string, number>>
  /** Wall clock when it was noted, epoch milliseconds. */
  readonly noted_ms: number
}

/**
 * Since when a timeline is complete, in event time (L12): every event at or after the instant is held. Null: not at all,
 * until a backfill. A column has an instant of its own, as it may have come later than the timeline.
 */
export interface Coverage {
  readonly since_ms: number | null
  /** By column number of the registry; one that is not listed is not covered. */
  readonly columns: Readonly<Record<string, number>>
  /** Why it is not complete, for people; null where it is. */
  readonly reason: string | null
}

/** What the online store knows of one timeline: document `timeline/<fingerprint>`. Columns and schemas are only ever added. */
export interface TimelineRecord {
  readonly fingerprint: string
  readonly source: string
  readonly entity: string
  readonly key: readonly string[]
  readonly schemas: RowSchemas
  /** The longest retention that any live definition asked for. */
  readonly retention_ms: number
  /** Rows at or before this event time may have been pruned; 0 where nothing ever was. */
  readonly pruned_ms: number
  readonly coverage: Coverage
  readonly handover: Handover
}

const name = (fingerprint: string) => `timeline/${fingerprint}`

/** How often a document is tried again when another process wrote it in between. */
const CAS_TRIES_MAX = 100

/** Changes a document by a pure function until no other writer comes in between. Answers what is stored then. */
export async function updateDocument<T>(
  store: OnlineStore,
  document: string,
  change: (value: T | null) => T,
): Promise<T> {
  for (let i = 0; i < CAS_TRIES_MAX; i++) {
    const found = await store.document(document)
    const value = (found?.value ?? null) as T | null
    const next = change(value)
    if (next === value) return next
    if (await store.putDocument(document, next, found?.version ?? 0)) return next
  }
  throw new Error(`document ${document} was written by others ${CAS_TRIES_MAX} times in a row`)
}

/** Every timeline that the store has ever held, by fingerprint. */
export async function readTimelines(store: OnlineStore): Promise<Map<string, TimelineRecord>> {
  const found = await store.documents('timeline/')
  return new Map(
    [...found.values()].map(({ value }) => [(value as TimelineRecord).fingerprint, value as TimelineRecord]),
  )
}

export async function readTimeline(store: OnlineStore, fingerprint: string): Promise<TimelineRecord | null> {
  return ((await store.document(name(fingerprint)))?.value ?? null) as TimelineRecord | null
}

export function updateTimeline(
  store: OnlineStore,
  fingerprint: string,
  change: (record: TimelineRecord) => TimelineRecord,
): Promise<TimelineRecord> {
  return updateDocument<TimelineRecord>(store, name(fingerprint), (record) => {
    if (record === null) throw new Error(`timeline ${fingerprint} is not registered`)
    return change(record)
  })
}

const stored = (source: SourceModel, column: number): StoredColumn => {
  const { name, type } = source.columns[column]!
  return { name, type }
}

/** The record in which a model's timeline can be written: the same object where nothing is missing. */
export function evolveTimeline(
  record: TimelineRecord | null,
  timeline: TimelineModel,
  positions: Readonly<Record<string, number>>,
  now_ms: number,
): TimelineRecord {
  const { source } = timeline
  const schemas = extendSchemas(
    record?.schemas ?? EMPTY_SCHEMAS,
    timeline.columns.map((column) => stored(source, column)),
    source.columns.map((_, column) => stored(source, column)),
  )
  const schema = schemas.schemas.at(-1)!.number
  const handover: Handover = { schema, topic: source.topic, positions, noted_ms: now_ms }
  if (record === null) {
    return {
      fingerprint: timeline.fingerprint,
      source: source.name,
      entity: timeline.entity.name,
      key: timeline.key.map((column) => source.columns[column]!.name),
      schemas,
      retention_ms: timeline.retention_ms,
      pruned_ms: 0,
      coverage: { since_ms: null, columns: {}, reason: 'it is new: a backfill is due' },
      handover,
    }
  }
  const grown = schemas.schemas.at(-1) !== record.schemas.schemas.at(-1)
  if (schemas === record.schemas && timeline.retention_ms <= record.retention_ms) return record
  // A column that is no longer written is no longer covered from here on.
  const written = new Set(schemas.schemas.at(-1)!.columns.map(String))
  const columns = Object.fromEntries(Object.entries(record.coverage.columns).filter(([column]) => written.has(column)))
  return {
    ...record,
    schemas,
    retention_ms: Math.max(record.retention_ms, timeline.retention_ms),
    coverage: { ...record.coverage, columns },
    handover: grown ? handover : record.handover,
  }
}

/** Registers every timeline of a model. `positions` gives, by topic, the offset that the stream goes on from in each partition. */
export async function registerTimelines(
  store: OnlineStore,
  model: Model,
  positions: (topic: string) => Readonly<Record<string, number>>,
  now_ms: number,
): Promise<Map<string, TimelineRecord>> {
  const records = new Map<string, TimelineRecord>()
  for (const timeline of model.timelines.values()) {
    const record = await updateDocument<TimelineRecord>(store, name(timeline.fingerprint), (found) =>
      evolveTimeline(found, timeline, positions(timeline.source.topic), now_ms),
    )
    records.set(timeline.fingerprint, record)
  }
  return records
}

/**
 * Since when a feature's window may begin to be exact, in event time: null, never. `columns` are the names and types that
 * the feature reads; a plain count reads none.
 */
export function coveredSince(record: TimelineRecord, columns: readonly StoredColumn[]): number | null {
  const { coverage, schemas, pruned_ms } = record
  if (coverage.since_ms === null) return null
  let since = Math.max(coverage.since_ms, pruned_ms)
  for (const { name, type } of columns) {
    const column = coverage.columns[findColumn(schemas, name, type)]
    if (column === undefined) return null
    since = Math.max(since, column)
  }
  return since
}

/**
 * Since when a timeline's columns, those that live features read, are all covered; null where a backfill is due whatever
 * the window.
 */
export function timelineCoveredSince(record: TimelineRecord, timeline: TimelineModel): number | null {
  return coveredSince(
    record,
    timeline.columns.map((column) => stored(timeline.source, column)),
  )
}

/** How often a source's archive changed otherwise than by the stream. Document `archive/<source>`. */
interface ArchiveEpoch {
  readonly epoch: number
}

export async function archiveEpoch(store: OnlineStore, source: string): Promise<number> {
  return ((await store.document(`archive/${source}`))?.value as ArchiveEpoch | undefined)?.epoch ?? 0
}

/**
 * Notes that rows go straight into a source's archive: what was back-filled before does not hold them, so the source's
 * timelines are incomplete until the next backfill, and one that is under way does not count. Call it before the first row
 * and again after the last.
 */
export async function archiveLoaded(store: OnlineStore, source: string): Promise<void> {
  await updateDocument<ArchiveEpoch>(store, `archive/${source}`, (value) => ({ epoch: (value?.epoch ?? 0) + 1 }))
  for (const record of (await readTimelines(store)).values()) {
    if (record.source === source) {
      await uncover(store, record.fingerprint, 'events were loaded into its archive since the last backfill')
    }
  }
}

/** Makes a timeline incomplete, for a reason that people are told, until it is back-filled. */
export function uncover(store: OnlineStore, fingerprint: string, reason: string): Promise<TimelineRecord> {
  return updateTimeline(store, fingerprint, (record) =>
    record.coverage.since_ms === null && record.coverage.reason === reason
      ? record
      : { ...record, coverage: { ...record.coverage, since_ms: null, columns: {}, reason } },
  )
}
