import { ArchiveError } from '../event-archive.ts'

/** One block to insert, and how: `INSERT INTO <into> SELECT <select> FROM <the block, read as structure> <where>`. */
export interface NativeInsert {
  readonly into: string
  readonly select: string
  /** Names and types of the block's columns, as table functions take it. */
  readonly structure: string
  /** A WHERE clause, or nothing. */
  readonly where: string
  readonly settings: string
  /** One block in `Native` format. */
  readonly block: Uint8Array
}

/**
 * What the archive needs of a ClickHouse, embedded or remote. Calls may overlap as they like: an insert never waits for a
 * scan that is read slowly. Whatever it throws, {@link archiveError} explains.
 */
export interface ClickHouseLink {
  /** Where tables are whose name says no database. */
  readonly database: string
  /** Runs a statement that answers nothing. */
  command(sql: string): Promise<void>
  /** The answer of a short query, in `Native` format, cut anywhere. */
  lookup(sql: string): AsyncIterable<Uint8Array>
  /** The answer of a long query, made as it is read. Breaking off ends the query. */
  scan(sql: string): AsyncIterable<Uint8Array>
  /** Inserts one block: all of it or nothing, durable when it resolves. */
  insert(insert: NativeInsert): Promise<void>
  close(): Promise<void>
}

/**
 * Codes of ClickHouse that say "not now": network, time and memory limits, full disk, too many queries or parts, replicas
 * and Keeper that are away, cancelled.
 */
const BUSY_CODES = new Set([
  75, 95, 96, 159, 160, 173, 198, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 254, 279, 285, 286, 289, 319,
  364, 394, 425, 439, 473, 499, 571, 722, 745, 999, 1000,
])

/** Codes that say "this value does not fit that type": cannot parse or convert, overflow, null, unknown in an Enum, throwIf. */
const TYPE_CODES = new Set([
  6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 131, 321, 349, 376, 395, 407, 441, 467, 632, 675, 676, 691,
])

/** What a link threw that has explained the failure itself, as it knows more than ClickHouse's message says. */
export class LinkFailure extends Error {
  readonly kind: ArchiveError['code']
  /** As in ArchiveError. */
  readonly retry_after_ms: number | null
  constructor(kind: ArchiveError['code'], message: string, cause?: unknown, retry_after_ms: number | null = null) {
    super(message, { cause })
    this.kind = kind
    this.retry_after_ms = retry_after_ms
  }
}

/** Explains what a ClickHouse threw while the archive was `doing` something, as in `insert into payments_auth`. */
export function archiveError(doing: string, error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error
  const failed = `the archive could not ${doing}: `
  if (error instanceof LinkFailure) {
    return new ArchiveError(error.kind, failed + error.message, error, error.retry_after_ms)
  }
  const { code, reason } = explain(error)
  return new ArchiveError(kindOfCode(code), failed + reason, error)
}

/** What a code of ClickHouse means for whoever called; null: it never got so far. */
export function kindOfCode(code: number | null): ArchiveError['code'] {
  if (code === null || BUSY_CODES.has(code)) return 'ARCHIVE_UNAVAILABLE'
  return TYPE_CODES.has(code) ? 'ARCHIVE_TYPE' : 'ARCHIVE_REFUSED'
}

/** A failure's ClickHouse code, null where it never got so far, and its first sentence. */
export function explain(error: unknown): { code: number | null; reason: string } {
  const message = error instanceof Error ? error.message : String(error)
  const found = /Code: (\d+)\. DB::Exception: (.*)/s.exec(message)
  // The client takes the code out of the message; the library leaves it in.
  const given =
    error instanceof Error && 'code' in error && /^\d+$/.test(String(error.code)) ? Number(error.code) : null
  const text = (found?.[2] ?? message)
    .replace(/(: while executing|: In scope|: While executing|\. Stack trace)[\s\S]*$/i, '')
    .replace(/\s*\(version [^()]*(\([^()]*\))?\)\s*$/, '')
  return { code: found ? Number(found[1]) : given, reason: text }
}
