import type { Value } from '../../timeline/column-type.ts'
import type { ArchiveColumn } from '../event-archive.ts'
import { doubleMinorMax, textSql } from './canonical-sql.ts'
import { type ClickHouseType, columnTypeSql, decimalScale, isInteger, secondDecimals } from './clickhouse-types.ts'
import type { NativeWriter } from './native-writer.ts'
import { quoteText } from './sql-text.ts'

/** How canonical values of a column travel: in the type that a table of our own has, so that most need no conversion. */
export function wireType(column: ArchiveColumn): string {
  if (column.type.kind === 'enum') return column.nullable ? 'Nullable(String)' : 'String'
  return columnTypeSql(column.type, column.nullable)
}

/** Writes the canonical values of a column in {@link wireType}. */
export function writeColumn(writer: NativeWriter, name: string, column: ArchiveColumn, values: readonly Value[]): void {
  const { type, nullable } = column
  if (type.kind === 'string' || type.kind === 'enum') writer.strings(name, nullable, values)
  else if (type.kind === 'double') writer.doubles(name, nullable, values)
  else if (type.kind === 'bool') writer.bools(name, nullable, values)
  else writer.integers(name, columnTypeSql(type, false), nullable, values)
}

/** A wire column turned into the type of a table's column. */
export interface StoredColumn {
  readonly sql: string
  /** Holds for every value that comes back as it was; null where all do. */
  readonly exact: string | null
}

/**
 * Turns the wire column `wire` into a column of any type that can carry it. What would not come back as it was (a text
 * that is no UUID in a UUID column, cents in `Decimal(9, 1)`) fails the insert, as the archive must hold what the stream said.
 */
export function storedSql(column: ArchiveColumn, type: ClickHouseType, wire: string): StoredColumn {
  const cast = (value: string) => `accurateCast(${value}, ${quoteText(targetOf(column, type))})`
  switch (column.type.kind) {
    case 'string':
    case 'enum':
      if (type.name === 'String') return { sql: wire, exact: null }
      return { sql: cast(wire), exact: `${textSql(type, cast(wire))} = ${wire}` }
    case 'int':
      return type.name === 'Int64' ? { sql: wire, exact: null } : { sql: cast(wire), exact: null }
    case 'bool':
      return { sql: wire, exact: null }
    case 'double':
      if (type.name === 'Float64') return { sql: wire, exact: null }
      return { sql: cast(wire), exact: `toFloat64(toString(${cast(wire)})) = ${wire}` }
    case 'money':
      return storedMoney(column.type.scale, type, wire, cast(wire))
    case 'time':
      return storedTime(type, wire)
  }
}

/** Casts keep null where both sides have it; null for a column that has none then fails by itself. */
function targetOf(column: ArchiveColumn, type: ClickHouseType): string {
  return column.nullable ? `Nullable(${type.inner})` : type.inner
}

function storedMoney(scale: number, type: ClickHouseType, wire: string, cast: string): StoredColumn {
  if (type.name === 'String') return { sql: `toString(${wire})`, exact: null }
  if (type.name === 'Float64') {
    const exact = `abs(reinterpretAsInt64(${wire})) <= ${doubleMinorMax(scale)}`
    return { sql: `toFloat64(toString(${wire}))`, exact }
  }
  if (decimalScale(type) === scale && type.args[0] === 18) return { sql: wire, exact: null }
  // As texts: a cast to a wide Decimal may overflow unseen, and comparing the two numbers overflows in the same way.
  return { sql: cast, exact: `toString(${cast}) = toString(${wire})` }
}

function storedTime(type: ClickHouseType, wire: string): StoredColumn {
  const ms = `toUnixTimestamp64Milli(${wire})`
  if (isInteger(type)) return { sql: ms, exact: null }
  if (type.name === 'String') {
    return { sql: `replaceOne(concat(toString(${wire}), 'Z'), ' ', 'T')`, exact: null }
  }
  const decimals = secondDecimals(type)!
  if (type.name === 'DateTime') return { sql: `toDateTime(${wire})`, exact: `${ms} % 1000 = 0` }
  return {
    sql: `toDateTime64(${wire}, ${decimals})`,
    exact: decimals >= 3 ? null : `${ms} % ${10 ** (3 - decimals)} = 0`,
  }
}
