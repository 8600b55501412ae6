import {
  type ArchiveBlock,
  type ArchiveColumn,
  ArchiveError,
  type ArchiveScan,
  type ArchiveTable,
  type BlockColumn,
} from '../event-archive.ts'
import { type CanonicalColumn, canonicalSql, textSql } from './canonical-sql.ts'
import { archiveTypeProblem, type ClickHouseType, parseClickHouseType } from './clickhouse-types.ts'
import type { NativeBlock } from './native-format.ts'
import { quoteName, settingsClause, type TableAddress } from './sql-text.ts'
import { timeRangeSql } from './time-range-sql.ts'

/** Memory of one scan's sort. Beyond it ClickHouse sorts on disk, so that an archive of any size is read in bounded memory. */
const SORT_BYTES_MAX = 512 * 2 ** 20

/** The newest of these is in ClickHouse since 25.1. */
const SETTINGS = settingsClause({
  max_bytes_before_external_sort: SORT_BYTES_MAX,
  // Otherwise this share of the machine's memory would be the limit, and the one above not count.
  max_bytes_ratio_before_external_sort: 0,
  // A backfill may take hours.
  max_execution_time: 0,
  // Text must become the nearest double, as it does in JavaScript.
  precise_float_parsing: 1,
})

/** Stands before every column, so that no name that we give hides one of the table's. */
const ROW = '_row'

/** A query, and where the columns of its answer go. */
export interface ScanPlan {
  readonly sql: string
  /** Places in the answer. The id is at 0, the time at 1. */
  readonly key: readonly number[]
  readonly columns: readonly number[]
}

/** Reference to a column of the table, and its type; throws where the table lacks it or its type cannot carry the values. */
export function tableColumn(
  table: ArchiveTable,
  address: TableAddress,
  column: ArchiveColumn,
  role: { readonly isTime: boolean; readonly precision: 'ms' | 's' },
): { raw: string; type: ClickHouseType } {
  const found = table.columns.get(column.name)
  if (found === undefined) {
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      `table ${address.table} has no column '${column.name}': add it, or say its name there in the source's archive.columns`,
    )
  }
  const problem = archiveTypeProblem(column, found.type, role)
  if (problem !== null) throw new ArchiveError('ARCHIVE_TYPE', `table ${address.table}: ${problem}`)
  return { raw: `${ROW}.${quoteName(column.name)}`, type: parseClickHouseType(found.type) }
}

/** `FROM` a table whose columns {@link tableColumn} refers to. */
export function fromSql(address: TableAddress): string {
  return `FROM ${address.sql} AS ${ROW}`
}

/**
 * One row for each archived row, those of a key together. Rows are sorted by a hash of the key first: numbers sort faster
 * than texts (a quarter less time in all), and equal hashes are then told apart by the key itself.
 */
export function planScan(address: TableAddress, table: ArchiveTable, scan: ArchiveScan): ScanPlan {
  const { precision } = scan
  const selected: string[] = []
  /** A column that is both key and value is read once. */
  const place = (sql: string) => {
    const found = selected.indexOf(sql)
    return found === -1 ? selected.push(sql) - 1 : found
  }
  const canonical = (column: ArchiveColumn, isTime = false): CanonicalColumn => {
    const { raw, type } = tableColumn(table, address, column, { isTime, precision })
    return canonicalSql(column, type, raw, precision)
  }
  const id = tableColumn(table, address, scan.id, { isTime: false, precision })
  const time = tableColumn(table, address, scan.time, { isTime: true, precision })
  place(`CAST(xxHash64(${assumeNotNull(id.type, textSql(id.type, id.raw))}) AS UInt64)`)
  place(canonical(scan.time, true).sql)
  const key = scan.key.map((column) => place(canonical(column).sql))
  const columns = scan.columns.map((column) => place(canonical(column).sql))

  // Texts are compared as the table has them: sorting what the answer has, a dictionary of each block, takes twice as long.
  const sorted = scan.key.map((column, i) => {
    const { raw, type } = tableColumn(table, address, column, { isTime: false, precision })
    if (column.type.kind !== 'string' && column.type.kind !== 'enum') return `v${key[i]}`
    const text = assumeNotNull(type, textSql(type, raw))
    return type.isDictionary ? `CAST(${text} AS String)` : text
  })
  const keyHash = `cityHash64(${sorted.join(', ')})`
  const where = [
    ...[scan.id, ...scan.key].flatMap((column) => {
      const { raw, type } = tableColumn(table, address, column, { isTime: false, precision })
      return type.nullable ? [`isNotNull(${raw})`] : []
    }),
    ...timeRangeSql(time.type, time.raw, 'v1', scan),
    ...(scan.parts > 1 ? [`${keyHash} % ${scan.parts} = ${scan.part}`] : []),
  ]
  const order = [...(key.length === 0 ? [] : [keyHash]), ...sorted, 'v1']
  const sql = [
    `SELECT ${selected.map((expression, i) => `${expression} AS v${i}`).join(', ')}`,
    fromSql(address),
    where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`,
    `ORDER BY ${order.join(', ')}`,
    SETTINGS,
  ].join('\n')
  return { sql, key, columns }
}

/** A value of a column whose nulls are left out. */
export function assumeNotNull(type: ClickHouseType, sql: string): string {
  return type.nullable ? `assumeNotNull(${sql})` : sql
}

/** A block of the answer of a plan. */
export function toArchiveBlock(plan: ScanPlan, block: NativeBlock): ArchiveBlock {
  const column = (place: number): BlockColumn => {
    const found = block.columns[place]!
    if (found.kind === 'words') throw new TypeError('only the id is a UInt64')
    return found
  }
  const id = block.columns[0]!
  const time = block.columns[1]!
  if (id.kind !== 'words' || time.kind !== 'numbers') throw new TypeError('a scan answers id and time first')
  return {
    rows: block.rows,
    key: plan.key.map(column),
    id: id.values,
    time_ms: time.values,
    columns: plan.columns.map(column),
  }
}
