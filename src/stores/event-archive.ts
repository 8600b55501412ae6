import type { ColumnType } from '../timeline/column-type.ts'

/** A column of an archive table. */
export interface ArchiveColumn {
  /** Its name in the table. */
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
}

/** What a table of the archive really has, as ClickHouse says it. */
export interface ArchiveTable {
  readonly columns: ReadonlyMap<string, { readonly type: string }>
}

/** Where archived rows came from: a log partition or a file. Rows of one origin arrive in the order of their sequence. */
export interface ArchiveOrigin {
  /** `log/<topic>/<partition>` or `file/<fingerprint>`. */
  readonly origin: string
}

/** One column of rows: canonical values, null where the event had none. */
export interface ArchiveInsert {
  readonly table: string
  readonly columns: readonly ArchiveColumn[]
  /** Values by column, then by row: times as epoch milliseconds, money as minor units. */
  readonly values: readonly (readonly (string | number | boolean | null)[])[]
  /** Of each row: its origin, its sequence number there, and when it arrived. */
  readonly origins: readonly string[]
  readonly sequences: readonly number[]
  readonly arrived_ms: readonly number[]
}

/** What to read: one row for every archived row (no de-duplication: union does that), grouped by entity. */
export interface ArchiveScan {
  readonly table: string
  /** Columns of the entity key: rows of one key come one after another, by time. */
  readonly key: readonly ArchiveColumn[]
  readonly id: ArchiveColumn
  readonly time: ArchiveColumn
  /** Further columns to read, in this order. */
  readonly columns: readonly ArchiveColumn[]
  /** Floors times to the second where the source says so. */
  readonly precision: 'ms' | 's'
  /** Event times `from_ms <= time < to_ms`; null: open. */
  readonly from_ms: number | null
  readonly to_ms: number | null
  /** Only keys whose hash lies in part `part` of `parts`; an entity is never split. Rows whose key is null are left out. */
  readonly part: number
  readonly parts: number
}

/**
 * Decoded values of one column of a block. `numbers`: int, money (minor units), double, time (ms), bool (0 or 1), with NaN
 * for null; 64-bit values that no safe integer can hold are Infinity. `strings`: string and enum, with null.
 */
export type BlockColumn =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'strings'; readonly values: readonly (string | null)[] }

/** A block of scanned rows. */
export interface ArchiveBlock {
  readonly rows: number
  readonly key: readonly BlockColumn[]
  /** xxHash64 (seed 0) of the id's canonical text: low and high 32 bits of each row, interleaved. */
  readonly id: Uint32Array
  readonly time_ms: Float64Array
  readonly columns: readonly BlockColumn[]
}

/** Rows of a table, and between which event times they lie. */
export interface ArchiveStats {
  readonly rows: number
  readonly time_ms_min: number | null
  readonly time_ms_max: number | null
  /** How many different values the given key columns have (approximate). */
  readonly keys: number
}

/** A table of which each row stands for its own sequence, or for several. A column that the table lacks is null there. */
export interface SequenceTable {
  readonly table: string
  /** A column of whole numbers: the row stands for all from its own sequence up to and without that one; null: for its own alone. */
  readonly until?: string
  /** A column of texts: for those of them that `runsIn` reads there; null: for all. */
  readonly lengths?: string
}

/** What tells one event from all others, in canonical form. */
export interface ArchivedEvent {
  readonly id: string
  readonly time_ms: number
}

/** An event as rows of timelines tell it: its id's xxHash64 in 16 hexadecimal digits, and its time. */
export interface HashedEvent {
  readonly id_hash: string
  readonly time_ms: number
}

/**
 * Holds all events of a source in a ClickHouse table. Rows may be there more than once: whoever reads takes the union.
 * `insert` is durable when it resolves; killed midway, it may leave some of its rows, never a torn one.
 */
export interface EventArchive {
  /** Null where the table is not there. */
  describe(table: string): Promise<ArchiveTable | null>
  /**
   * Creates the table for these columns, with the three columns `_origin`, `_sequence`, `_arrived_ms`, if it is not there. A
   * table that has those three is ours: columns that it lacks are added, null in the rows it has; a column that may not be
   * null is refused then. A table that somebody else made is left as it is.
   */
  create(table: string, columns: readonly ArchiveColumn[], time: string): Promise<void>
  insert(rows: ArchiveInsert): Promise<void>
  /** The lowest and the highest sequence that is archived of an origin; null where nothing is, or where the table lacks the columns. */
  firstSequence(table: string, origin: string): Promise<number | null>
  lastSequence(table: string, origin: string): Promise<number | null>
  /**
   * How many different sequences of an origin are archived below `below`, in whichever of the tables: as many as `below` says when there is
   * no hole. A table that is not there holds none.
   */
  sequences(tables: readonly SequenceTable[], origin: string, below: number): Promise<number>
  /** Of each event whether a row of the table has its id and its time, which `precision` floors as in a scan. For few events. */
  found(
    table: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly ArchivedEvent[],
  ): Promise<boolean[]>
  /** The id of each event, as the table has it, by the hash of it; null where no row has it at that time. For few events, as `found`. */
  ids(
    table: string,
    id: ArchiveColumn,
    time: ArchiveColumn,
    precision: 'ms' | 's',
    events: readonly HashedEvent[],
  ): Promise<(string | null)[]>
  scan(scan: ArchiveScan): AsyncIterable<ArchiveBlock>
  stats(
    table: string,
    time: ArchiveColumn,
    key: readonly ArchiveColumn[],
    from_ms: number | null,
  ): Promise<ArchiveStats>
  close(): Promise<void>
}

/** The archive refused or failed a statement. `retryable` is true where the same call may succeed later. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
  readonly code: 'ARCHIVE_UNAVAILABLE' | 'ARCHIVE_REFUSED' | 'ARCHIVE_TYPE'
  readonly retryable: boolean
  /** How long to wait at least before the same call is worth another try; null where nothing is known. */
  readonly retry_after_ms: number | null
  constructor(code: ArchiveError['code'], message: string, cause?: unknown, retry_after_ms: number | null = null) {
    super(message, { cause })
    this.code = code
    this.retryable = code === 'ARCHIVE_UNAVAILABLE'
    this.retry_after_ms = retry_after_ms
  }
}
