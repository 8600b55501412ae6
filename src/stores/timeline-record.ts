import type { SourceModel, TimelineModel } from '../features/model.ts'
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
  /** Retired columns that no row holds any more, by number, but what some process of older definitions may still write. */
  readonly narrowed?: readonly number[]
  /** Its rows are being removed, or were, as no live definition uses it: by whom. Whoever registers it again ends that. */
  readonly removing?: string
}

/** A column as it is written: its name and what its values are. */
export const columnIdentity = ({ name, type }: StoredColumn): string => `${name} ${typeIdentity(type)}`

/**
 * What is missing in the rows from before the stream's start: all of it, where nobody can tell what the store holds, or columns
 * ({@link columnIdentity}) that nobody wrote.
 */
export type Lost = 'all' | readonly string[]

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
  const { removing, narrowed, ...kept } = record
  const longer = timeline.retention_ms > record.retention_ms
  const coverage = remaining(record, schemas, schema, removing === undefined ? lost : 'all')
  const same = schemas === record.schemas && coverage === record.coverage
  if (same && !longer && removing === undefined) return record
  // Somebody may be rewriting rows without what is wanted again, and has told that for so long: only what comes later is whole.
  const again = removing !== undefined || takenUp(record.schemas, schemas).length > 0
  const uncovered = timeline.columns.some(
    (column) =>
      coverage.columns[findColumn(schemas, source.columns[column]!.name, source.columns[column]!.type)] === undefined,
  )
  const anew = coverage.since_ms === null || uncovered ? handover : record.handover
  return {
    ...kept,
    ...(narrowed !== undefined && { narrowed: narrowed.filter((column) => schemas.retired?.includes(column)) }),
    schemas,
    retention_ms: Math.max(record.retention_ms, timeline.retention_ms),
    coverage,
    handover: longer || again ? { ...handover, positions: null } : anew,
    generation: record.generation + (coverage === record.coverage && !again ? 0 : 1),
  }
}

/** Columns that were retired and are so no longer. */
function takenUp(before: RowSchemas, after: RowSchemas): readonly number[] {
  return (before.retired ?? []).filter((column) => !after.retired?.includes(column))
}

/** What is still covered when a schema begins to be written: the same object where all of it is. */
function remaining(record: TimelineRecord, schemas: RowSchemas, schema: RowSchema, lost: Lost): Coverage {
  const { coverage } = record
  if (lost === 'all') {
    const what = record.removing === undefined ? 'the online store lost what it held' : 'its rows were removed'
    const reason = `${what}: a backfill is due`
    return { since_ms: null, columns: {}, reason, proof: [] }
  }
  const hidden = record.schemas.schemas.includes(schema) ? new Set<number>() : hiddenColumns(schemas, schema)
  for (const column of takenUp(record.schemas, schemas)) hidden.add(column)
  const keeps = ([number]: [string, number]) =>
    !hidden.has(Number(number)) && !lost.includes(columnIdentity(schemas.columns[Number(number)]!))
  const columns = Object.entries(coverage.columns)
  const kept = columns.filter(keeps)
  return kept.length === columns.length ? coverage : { ...coverage, columns: Object.fromEntries(kept) }
}

/** Of what a process knew and what was kept at the removal the fuller one; null: neither. */
export function remembered(known: TimelineRecord | undefined, removed: TimelineRecord | null): TimelineRecord | null {
  if (known === undefined || removed === null) return removed ?? known ?? null
  const fuller = known.schemas.schemas.length > removed.schemas.schemas.length ? known : removed
  return { ...fuller, removing: removed.removing ?? '' }
}

/**
 * Whether a timeline is registered as a model wants it. Not so where it is being removed, or lost columns of it: who covers it then would
 * vouch for what is still being taken away.
 */
export function isRegistered({ removing, schemas }: TimelineRecord, timeline: TimelineModel): boolean {
  const isRetired = ({ name, type }: StoredColumn) =>
    schemas.retired?.includes(findColumn(schemas, name, type)) === true
  return removing === undefined && !wantedColumns(timeline).some(isRetired)
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
