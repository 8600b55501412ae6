import { quoteValue } from '../timeline/shown-value.ts'
import { type DebeziumEnvelope, openEnvelope, type UnitOfTime } from './debezium-envelope.ts'
import { type Decode, type DecodeContext, type DecodedRow, type DecodeNeeds, decodeNeeds } from './decode.ts'
import { parseIsoTime } from './iso-time.ts'

export interface DebeziumOptions {
  /**
   * The version of a change: a whole number that is higher for every later change of the table. Default: `source.lsn` (PostgreSQL), else
   * `source.ts_us`, else `source.ts_ms * 1000`. It must stay below 2^52, as each change makes two versions of it.
   */
  readonly version?: (envelope: DebeziumEnvelope) => number
  /**
   * Columns of time that come as numbers, and what these count: needed where the connector sends no schema (`schemas.enable=false`) and the
   * numbers are not milliseconds.
   */
  readonly times?: Readonly<Record<string, UnitOfTime>>
  /**
   * Columns that may key an entity later: an update of one gives a tombstone in its old place from now on, so that the archive has
   * it. Those that key an entity now are known.
   */
  readonly keys?: readonly string[]
}

type Row = Record<string, unknown>

/** What Debezium writes for a large value that an update did not touch. */
const UNAVAILABLE = '__debezium_unavailable_value'

/** PostgreSQL's cure, and that of the others. */
const WHOLE_IMAGES =
  'let the database log whole rows (PostgreSQL: ALTER TABLE ... REPLICA IDENTITY FULL; MySQL: binlog_row_image=FULL)'

/**
 * Decodes the change events of a table, as Debezium's connectors write them in JSON, with or without their schema. A row of the table is an
 * event: inserted, changed and deleted with it. The source needs a `version` (z.int()) and a `deleted` column, which this fills.
 *
 * - `c`, `r` and `u` give the row as it is after; `u` gives also a tombstone in the row's old place where its id, its time or a key of an
 *   entity changed. `d` gives a tombstone. Messages without a value and `m` give nothing; `t` (truncate) goes into quarantine.
 * - `u` and `d` need the whole row before the change; without it, they go into quarantine.
 *
 * ```ts
 * stream: { topic: 'db.public.payments', decode: debezium() }
 * ```
 */
export function debezium(options: DebeziumOptions = {}): Decode {
  const { version: versionOf = defaultVersion, times = {}, keys = [] } = options
  checkOptions(versionOf, times, keys)
  const decode: Decode = (message, context) => {
    const envelope = openEnvelope(message)
    if (envelope === null) return null
    const { op } = envelope
    if (op === 'm') return null
    if (op === 't') {
      throw new Error(
        'op "t": the table was truncated, which names no row that is gone: delete its rows, or load the source anew',
      )
    }
    if (op !== 'c' && op !== 'r' && op !== 'u' && op !== 'd') {
      throw new Error(`op: ${JSON.stringify(op)} is none of c, r, u, d, t and m: the message is no change event`)
    }
    const version = versionsOf(versionOf(envelope))
    const image = (row: Row): Row => withTimes(row, context, envelope.unitOf, times)
    // A tombstone is older than the row that the same change makes, and newer than all changes before it.
    const tombstone = (row: Row) => finish(row, context, 2 * version, true)
    if (op === 'd') return tombstone(image(wholeBefore(envelope, context)))
    const { after } = envelope
    if (after === null) throw new Error(`op ${JSON.stringify(op)}: the message has no "after", the row as it is now`)
    if (op !== 'u') return finish(image(after), context, 2 * version + 1, false)
    const before = wholeBefore(envelope, context)
    const now = finish(image(whole(after, before)), context, 2 * version + 1, false)
    const old = tombstone(image(before))
    return places(context, keys).some((column) => !isSame(old[column], now[column])) ? [old, now] : now
  }
  const columns = [...Object.keys(times), ...keys]
  return Object.assign(decode, {
    [decodeNeeds]: { name: 'debezium()', roles: ['version', 'deleted'], columns } satisfies DecodeNeeds,
  })
}

/** Throws a TypeError for options that would be passed over in silence. */
function checkOptions(version: unknown, times: unknown, keys: unknown): void {
  if (typeof version !== 'function') {
    throw new TypeError(
      `debezium() needs a function as version, not ${quoteValue(version)}: version: ({ source }) => Number(source.pos)`,
    )
  }
  if (typeof times !== 'object' || times === null) {
    throw new TypeError(`debezium() needs an object as times, not ${quoteValue(times)}: times: { created_at: 'us' }`)
  }
  for (const [column, unit] of Object.entries(times)) {
    if (unit === 'ms' || unit === 'us') continue
    throw new TypeError(
      `debezium(): times.${column} is ${quoteValue(unit)}; write 'ms' or 'us', which is what its numbers count`,
    )
  }
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw new TypeError(`debezium() needs a list of columns as keys, not ${quoteValue(keys)}: keys: ['merchant_id']`)
  }
}

function defaultVersion({ source }: DebeziumEnvelope): number {
  const { connector, lsn, ts_us, ts_ms } = source
  if (typeof lsn === 'number') return lsn
  // Its clock would number this change above all that have a place in the write-ahead log.
  if (connector === 'postgresql') throw new Error('source.lsn is no number, though the change is from PostgreSQL')
  if (typeof ts_us === 'number') return ts_us
  if (typeof ts_ms === 'number') return ts_ms * 1_000
  throw new Error(
    'source has none of lsn, ts_us and ts_ms, so nobody knows which change is the later one: debezium({ version: (envelope) => ... })',
  )
}

function versionsOf(version: unknown): number {
  if (Number.isSafeInteger(version) && (version as number) >= 0 && Number.isSafeInteger(2 * (version as number) + 1)) {
    return version as number
  }
  throw new Error(
    `the version ${String(version)} of the change is no whole number from 0 to 2^52: debezium({ version: (envelope) => ... }) gives another`,
  )
}

/** Columns that say where an event is. */
function places({ id, time, keys }: DecodeContext, more: readonly string[]): readonly string[] {
  return [id, time, ...keys, ...more]
}

/** The row before the change, all of it. */
function wholeBefore({ op, before }: DebeziumEnvelope, { id, time, version, deleted, columns }: DecodeContext): Row {
  const missing = [id, time].filter((column) => before?.[column] === undefined || before[column] === null)
  // With its key only, the rest of a row is null or left out.
  const own = columns.filter((column) => ![id, time, version, deleted].includes(column))
  const isKey = own.length > 0 && own.every((column) => before?.[column] === undefined || before[column] === null)
  if (before !== null && missing.length === 0 && !isKey) return before
  const what = before === null ? 'is missing' : `lacks ${(missing.length > 0 ? missing : own).join(', ')}`
  throw new Error(`op ${JSON.stringify(op)}: "before", the row as it was, ${what}: ${WHOLE_IMAGES}`)
}

/** The row after an update, with the large values that it did not touch. */
function whole(after: Row, before: Row): Row {
  const untouched = Object.keys(after).filter((column) => after[column] === UNAVAILABLE)
  if (untouched.length === 0) return after
  const lost = untouched.find((column) => before[column] === UNAVAILABLE || before[column] === undefined)
  if (lost !== undefined) throw new Error(`${lost} was not logged, as the update did not touch it: ${WHOLE_IMAGES}`)
  return { ...after, ...Object.fromEntries(untouched.map((column) => [column, before[column]])) }
}

/** The row with its times as the source's schema has them. */
function withTimes(
  row: Row,
  { times, columns }: DecodeContext,
  unitOf: (column: string) => UnitOfTime | null,
  units: Readonly<Record<string, UnitOfTime>>,
): Row {
  const made: Row = { __proto__: null }
  for (const column of columns) {
    const value = row[column]
    if (value === undefined) continue
    const form = Object.hasOwn(times, column) ? times[column] : undefined
    made[column] =
      form === undefined
        ? value
        : timeAs(form, value, (Object.hasOwn(units, column) ? units[column] : unitOf(column)) ?? 'ms')
  }
  return made
}

function timeAs(form: 'epoch' | 'iso', value: unknown, unit: UnitOfTime): unknown {
  if (typeof value === 'number') {
    const time_ms = Math.floor(unit === 'us' ? value / 1_000 : value)
    if (form === 'epoch') return time_ms
    const time = new Date(time_ms)
    // What is no instant stays as it is, for the source to refuse.
    return Number.isNaN(time.getTime()) ? value : time.toISOString()
  }
  return form === 'epoch' && typeof value === 'string' ? (parseIsoTime(value) ?? value) : value
}

function finish(row: Row, { version, deleted }: DecodeContext, number: number, isDeleted: boolean): DecodedRow {
  // A table may have a column of its own by which rows are deleted.
  return { ...row, [version!]: number, [deleted!]: isDeleted || row[deleted!] === true || row[deleted!] === 1 }
}

function isSame(a: unknown, b: unknown): boolean {
  return (a ?? null) === (b ?? null)
}
