import type { ArchiveColumn, ArchiveStats, ArchiveTable } from '../event-archive.ts'
import { canonicalSql } from './canonical-sql.ts'
import { fromSql, tableColumn } from './scan-sql.ts'
import { settingsClause, type TableAddress } from './sql-text.ts'
import { timeRangeSql } from './time-range-sql.ts'

/** Counting is approximate (about 0.5 %), and has its result in a few kilobytes however many keys there are. */
const DISTINCT = 'uniqCombined64'

export function statsSql(
  address: TableAddress,
  table: ArchiveTable,
  time: ArchiveColumn,
  key: readonly ArchiveColumn[],
  from_ms: number | null,
): string {
  const role = { isTime: true, precision: 's' } as const
  const at = tableColumn(table, address, time, role)
  const canonicalTime = canonicalSql(time, at.type, at.raw, 'ms').sql
  const keys = key.map((column) => tableColumn(table, address, column, { isTime: false, precision: 's' }))
  const known = keys.filter(({ type }) => type.nullable).map(({ raw }) => `isNotNull(${raw})`)
  const distinct =
    keys.length === 0
      ? 'toUInt64(count() > 0)'
      : `${DISTINCT}If(assumeNotNull(cityHash64(${keys.map(({ raw }) => raw).join(', ')})), ${known.join(' AND ') || '1'})`
  const where = timeRangeSql(at.type, at.raw, canonicalTime, { from_ms, to_ms: null, precision: 'ms' })
  return [
    `SELECT toFloat64(count()), ${extreme('min', canonicalTime)}, ${extreme('max', canonicalTime)}, toFloat64(${distinct})`,
    fromSql(address),
    where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`,
    settingsClause({ max_execution_time: 0 }),
  ].join('\n')
}

function extreme(name: 'min' | 'max', time: string): string {
  return `ifNull(${name}OrNullIf(${time}, isFinite(${time})), nan)`
}

/** Reads the row that {@link statsSql} asks for. */
export function readStats(row: readonly number[]): ArchiveStats {
  const [rows = 0, min = Number.NaN, max = Number.NaN, keys = 0] = row
  const known = (time: number) => (Number.isNaN(time) ? null : time)
  return { rows, time_ms_min: known(min), time_ms_max: known(max), keys }
}
