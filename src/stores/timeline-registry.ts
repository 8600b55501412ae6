import type { Model, SourceModel, TimelineModel } from '../features/model.ts'
import { typeIdentity } from '../timeline/column-type.ts'
import {
  EMPTY_SCHEMAS,
  extendSchemas,
  findColumn,
  hiddenColumns,
  type RowSchema,
  type RowSchemas,
  SCHEMA_STEP,
  type StoredColumn,
  writableSchema,
  writtenAs,
} from '../timeline/row-schema.ts'
import type { OnlineStore, StoredDocument } from './online-store.ts'

/** "Since ever": no event is older (times before 2000 are refused). */
export const SINCE_EVER_MS = 0

/** Where the stream began to write what is not covered yet: what came before must come from the archive (L12). */
export interface Handover {
  readonly topic: string
  /**
   * By partition: the first offset whose event is written whole. Null: from where the log is at when all writers know of a longer
   * retention, as what they wrote before expires too early.
   */
  readonly positions: Readonly<Record<string, number>> | null
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
  /** By part: where the marks of the backfills were that made it complete. Where one is lower now, the store lost their rows (L11). */
  readonly proof: readonly number[]
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
  /** Counts how often coverage was taken away: a backfill that was under way then does not count. */
  readonly generation: number
}

/** A column as it is written: its name and what its values are. */
export const columnIdentity = ({ name, type }: StoredColumn): string => `${name} ${typeIdentity(type)}`

/**
 * What is missing in the rows from before the stream's start: all of it, where nobody can tell what the store holds, or columns
 * ({@link columnIdentity}) that nobody wrote.
 */
export type Lost = 'all' | readonly string[]

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
  return timelinesIn(await store.documents(name('')))
}

/** The same from documents that were read. */
export function timelinesIn(documents: ReadonlyMap<string, StoredDocument>): Map<string, TimelineRecord> {
  const found = [...documents].filter(([document]) => document.startsWith(name('')))
  return new Map(found.map(([, { value }]) => [(value as TimelineRecord).fingerprint, value as TimelineRecord]))
}

export async function readTimeline(store: OnlineStore, fingerprint: string): Promise<TimelineRecord | null> {
  return ((await store.document(name(fingerprint)))?.value ?? null) as TimelineRecord | null
}

/** The store does not know a timeline that was registered in it: it lost what it held. */
export class NotRegisteredError extends Error {
  override readonly name = 'NotRegisteredError'
  readonly code = 'NOT_REGISTERED'
  constructor(fingerprint: string) {
    super(`timeline ${fingerprint} is not registered: the online store lost it, or has never known it`)
  }
}

export function updateTimeline(
  store: OnlineStore,
  fingerprint: string,
  change: (record: TimelineRecord) => TimelineRecord,
): Promise<TimelineRecord> {
  return updateDocument<TimelineRecord>(store, name(fingerprint), (record) => {
    if (record === null) throw new NotRegisteredError(fingerprint)
    return change(record)
  })
}

const stored = (source: SourceModel, column: number): StoredColumn => {
  const { name, type } = source.columns[column]!
  return { name, type }
}

const wantedColumns = ({ source, columns }: TimelineModel) => columns.map((column) => stored(source, column))
const possibleColumns = ({ source }: TimelineModel) => source.columns.map((_, column) => stored(source, column))

/** Registries that begin within a minute share a beginning; so many minutes have one of their own. */
const BEGINNINGS = 3_000

/** The number of a new registry's first schema. One that begins again must not give the numbers of a lost one another meaning. */
const firstNumber = (now_ms: number): number => SCHEMA_STEP * (1 + (Math.floor(now_ms / 60_000) % BEGINNINGS))

/**
 * The record in which a model's timeline can be written: the same object where nothing is missing. `positions` is where the stream
 * goes on, and `lost` what rows from before lack.
 */
export function evolveTimeline(
  record: TimelineRecord | null,
  timeline: TimelineModel,
  positions: Readonly<Record<string, number>>,
  now_ms: number,
  lost: Lost = [],
): TimelineRecord {
  const { source } = timeline
  const { schemas, schema } = extendSchemas(
    record?.schemas ?? EMPTY_SCHEMAS,
    wantedColumns(timeline),
    possibleColumns(timeline),
    firstNumber(now_ms),
  )
  const handover: Handover = { topic: source.topic, positions, noted_ms: now_ms }
  if (record === null) {
    return {
      fingerprint: timeline.fingerprint,
      source: source.name,
      entity: timeline.entity.name,
      key: timeline.key.map((column) => source.columns[column]!.name),
      schemas,
      retention_ms: timeline.retention_ms,
      pruned_ms: 0,
      coverage: { since_ms: null, columns: {}, reason: 'it is new: a backfill is due', proof: [] },
      handover,
      generation: 1,
    }
  }
  const longer = timeline.retention_ms > record.retention_ms
  const coverage = remaining(record, schemas, schema, lost)
  if (schemas === record.schemas && coverage === record.coverage && !longer) return record
  const uncovered = timeline.columns.some(
    (column) =>
      coverage.columns[findColumn(schemas, source.columns[column]!.name, source.columns[column]!.type)] === undefined,
  )
  const anew = coverage.since_ms === null || uncovered ? handover : record.handover
  return {
    ...record,
    schemas,
    retention_ms: Math.max(record.retention_ms, timeline.retention_ms),
    coverage,
    handover: longer ? { ...handover, positions: null } : anew,
    generation: record.generation + (coverage === record.coverage ? 0 : 1),
  }
}

/** What is still covered when a schema begins to be written: the same object where all of it is. */
function remaining(record: TimelineRecord, schemas: RowSchemas, schema: RowSchema, lost: Lost): Coverage {
  const { coverage } = record
  if (lost === 'all') {
    const reason = 'the online store lost what it held: a backfill is due'
    return { since_ms: null, columns: {}, reason, proof: [] }
  }
  const hidden = record.schemas.schemas.includes(schema) ? new Set<number>() : hiddenColumns(schemas, schema)
  const keeps = ([number]: [string, number]) =>
    !hidden.has(Number(number)) && !lost.includes(columnIdentity(schemas.columns[Number(number)]!))
  const columns = Object.entries(coverage.columns)
  const kept = columns.filter(keeps)
  return kept.length === columns.length ? coverage : { ...coverage, columns: Object.fromEntries(kept) }
}

export interface RegisterOptions {
  readonly lost?: (timeline: TimelineModel) => Lost
  /** What the caller knew of the timelines: a store that forgot them must go on with the same schema numbers. */
  readonly known?: ReadonlyMap<string, TimelineRecord>
}

/** Registers every timeline of a model. `positions` gives, by topic, the offset that the stream goes on from in each partition. */
export async function registerTimelines(
  store: OnlineStore,
  model: Model,
  positions: (topic: string) => Readonly<Record<string, number>>,
  now_ms: number,
  { lost, known }: RegisterOptions = {},
): Promise<Map<string, TimelineRecord>> {
  const records = new Map<string, TimelineRecord>()
  for (const timeline of model.timelines.values()) {
    const { fingerprint, source } = timeline
    const start = positions(source.topic)
    const forgotten = known?.get(fingerprint)
    const record = await updateDocument<TimelineRecord>(store, name(fingerprint), (found) =>
      found === null && forgotten !== undefined
        ? evolveTimeline(forgotten, timeline, start, now_ms, 'all')
        : evolveTimeline(found, timeline, start, now_ms, lost?.(timeline)),
    )
    records.set(fingerprint, record)
  }
  return records
}

/** A record as a model writes it: its last schema is the fullest one that the model can write. */
export function asWritten(record: TimelineRecord, timeline: TimelineModel): TimelineRecord {
  const schema = writableSchema(record.schemas, wantedColumns(timeline), possibleColumns(timeline))
  if (schema === null) throw new Error(`timeline ${timeline.fingerprint} is not registered with its columns`)
  return { ...record, schemas: writtenAs(record.schemas, schema) }
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
  return coveredSince(record, wantedColumns(timeline))
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

/**
 * Makes a timeline incomplete, for a reason that people are told, until it is back-filled. `handover`: by partition, up to where
 * the log can no longer give what is missing, so that the archive must.
 */
export function uncover(
  store: OnlineStore,
  fingerprint: string,
  reason: string,
  handover: Readonly<Record<string, number>> = {},
): Promise<TimelineRecord> {
  return updateTimeline(store, fingerprint, (record) => {
    const { positions } = record.handover
    return {
      ...record,
      coverage: { since_ms: null, columns: {}, reason, proof: [] },
      handover: { ...record.handover, positions: positions === null ? null : furthest(positions, handover) },
      generation: record.generation + 1,
    }
  })
}

/** Of each partition the higher of two offsets. */
export function furthest(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const all: Record<string, number> = { ...a }
  for (const [partition, offset] of Object.entries(b)) all[partition] = Math.max(offset, all[partition] ?? 0)
  return all
}
