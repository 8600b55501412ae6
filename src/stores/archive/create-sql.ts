import { type ArchiveColumn, ArchiveError } from '../event-archive.ts'
import { columnTypeSql } from './clickhouse-types.ts'
import { PROVENANCE } from './provenance.ts'
import { quoteName, quoteText, settingsClause, type TableAddress } from './sql-text.ts'

/**
 * An insert is answered when it is on disk, which ClickHouse leaves to the operating system otherwise; and a merge must not
 * put parts that are on disk in place of ones that are not yet.
 */
const DURABLE = {
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  min_rows_to_fsync_after_merge: 1,
  min_compressed_bytes_to_fsync_after_merge: 1,
}

/**
 * A plain MergeTree: a Replacing one would drop the copies and tombstones that union needs (L1). Sorted by time, as rows
 * arrive nearly in that order and a backfill reads the last year of many. Not partitioned, so that an insert is one part.
 *
 * In a `cluster` the table is made on all its servers, replicated: plain ones would each hold a part of the events.
 */
export function createSql(
  at: TableAddress,
  columns: readonly ArchiveColumn[],
  time: string,
  cluster: string | null = null,
): string {
  const timeColumn = columns.find((column) => column.name === time)
  if (timeColumn === undefined || timeColumn.nullable) {
    throw new ArchiveError('ARCHIVE_REFUSED', `table ${at.table} needs its time column '${time}', and never null`)
  }
  for (const { name } of PROVENANCE) {
    if (!columns.some((column) => column.name === name)) continue
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      `column '${name}' is the archive's own: name the event's column otherwise`,
    )
  }
  const lines = [
    ...columns.map((column) => `${quoteName(column.name)} ${columnTypeSql(column.type, column.nullable)}`),
    ...PROVENANCE.map((column) => `${quoteName(column.name)} ${column.type}`),
  ]
  const engine = cluster === null ? 'MergeTree' : 'ReplicatedMergeTree'
  const order = `ENGINE = ${engine} ORDER BY ${quoteName(time)} ${settingsClause(DURABLE)}`
  return `CREATE TABLE IF NOT EXISTS ${at.sql}${onCluster(cluster)} (${lines.join(', ')}) ${order}`
}

/** Sends a statement that makes or alters something to all servers of a cluster; null: there is none. */
export function onCluster(cluster: string | null): string {
  return cluster === null ? '' : ` ON CLUSTER ${quoteText(cluster)}`
}

/** What the table of an older definition lacks, where the table is ours: columns that its rows may have as null. */
export function missingColumns(
  table: string,
  columns: readonly ArchiveColumn[],
  described: ReadonlyMap<string, unknown>,
): ArchiveColumn[] {
  if (!PROVENANCE.every(({ name }) => described.has(name))) return []
  const missing = columns.filter(({ name }) => !described.has(name))
  const needed = missing.find(({ nullable }) => !nullable)
  if (needed !== undefined) {
    throw new ArchiveError(
      'ARCHIVE_REFUSED',
      `table ${table} has events without the new column '${needed.name}': let it be absent, with .optional()`,
    )
  }
  return missing
}
