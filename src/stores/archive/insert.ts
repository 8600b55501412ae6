import { setImmediate } from 'node:timers/promises'
import { type ArchiveColumn, ArchiveError, type ArchiveInsert, type ArchiveTable } from '../event-archive.ts'
import type { NativeInsert } from './clickhouse-link.ts'
import { archiveTypeProblem, columnTypeSql, parseClickHouseType } from './clickhouse-types.ts'
import { storedSql, wireType, writeColumn } from './insert-sql.ts'
import { NativeWriter } from './native-writer.ts'
import { hasProvenance } from './provenance.ts'
import { quoteName, quoteText, settingsClause, type TableAddress } from './sql-text.ts'

/** Above this many rows a column is written in milliseconds, so that others get a turn between two columns. */
const TURN_ROWS_MIN = 5_000

/** More rows than any block, so that no setting of the server cuts one in two. */
const BLOCK_ROWS_MAX = 2 ** 40

/** One block becomes one part, which ClickHouse shows as a whole or not at all. */
const ONE_PART = settingsClause({
  max_threads: 1,
  max_insert_threads: 1,
  max_insert_block_size: BLOCK_ROWS_MAX,
  min_insert_block_size_rows: BLOCK_ROWS_MAX,
  min_insert_block_size_bytes: 0,
  // Queued inserts would be answered, or merged with others, before they are a part.
  async_insert: 0,
  // Null in a column that has none is an error, never an empty text or 0.
  insert_null_as_default: 0,
  // A block equal to an earlier one is inserted again, as it was asked for.
  insert_deduplicate: 0,
  // Decimals are compared by their text, and with the double nearest to it.
  output_format_decimal_trailing_zeros: 0,
  precise_float_parsing: 1,
})

const ORIGIN: ArchiveColumn = { name: '_origin', type: { kind: 'string', bytesMax: 4_096 }, nullable: false }
const SEQUENCE: ArchiveColumn = { name: '_sequence', type: { kind: 'int' }, nullable: false }
const ARRIVED: ArchiveColumn = { name: '_arrived_ms', type: { kind: 'time' }, nullable: false }

/** Makes the block of an insert and says how to insert it into a table of these columns. */
export async function insertOf(at: TableAddress, table: ArchiveTable, rows: ArchiveInsert): Promise<NativeInsert> {
  const columns = [...rows.columns]
  const values = [...rows.values]
  if (hasProvenance(table)) {
    columns.push(ORIGIN, SEQUENCE, ARRIVED)
    values.push(rows.origins, rows.sequences, rows.arrived_ms)
  }
  const writer = new NativeWriter(columns.length, rows.sequences.length)
  const select: string[] = []
  const exact: string[] = []
  for (const [i, column] of columns.entries()) {
    const stored = columnOf(at, table, column, `c${i}`)
    select.push(stored.sql)
    if (stored.exact !== null) exact.push(notExact(column, stored.exact, `c${i}`))
    if (rows.sequences.length >= TURN_ROWS_MIN) await setImmediate()
    writeColumn(writer, `c${i}`, column, values[i] ?? [])
  }
  return {
    into: `${at.sql} (${columns.map((column) => quoteName(column.name)).join(', ')})`,
    select: select.join(', '),
    structure: columns.map((column, i) => `c${i} ${wireType(column)}`).join(', '),
    where: exact.length === 0 ? '' : `WHERE ${exact.join(' AND ')}`,
    settings: ONE_PART,
    block: writer.finish(),
  }
}

function columnOf(at: TableAddress, table: ArchiveTable, column: ArchiveColumn, wire: string) {
  const found = table.columns.get(column.name)
  if (found === undefined) {
    const type = columnTypeSql(column.type, column.nullable)
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      `table ${at.table} has no column '${column.name}': ALTER TABLE ${at.sql} ADD COLUMN ${quoteName(column.name)} ${type}`,
    )
  }
  // Whether a column is coarser than its source is for a check to say: here each value must fit by itself.
  const problem = archiveTypeProblem(column, found.type, { isTime: false, precision: 's' })
  if (problem !== null) throw new ArchiveError('ARCHIVE_TYPE', `table ${at.table}: ${problem}`)
  return storedSql(column, parseClickHouseType(found.type), wire)
}

/** Fails the insert where `exact` is false; null is exact. */
function notExact(column: ArchiveColumn, exact: string, wire: string): string {
  const message = `column '${column.name}' cannot hold a value as it is`
  return `throwIf(NOT ifNull(${exact}, ${wire} IS NULL), ${quoteText(message)}) = 0`
}
