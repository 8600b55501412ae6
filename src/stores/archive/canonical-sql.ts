import type { ArchiveColumn } from '../event-archive.ts'
import { type ClickHouseType, decimalScale, isInteger, isSmallInteger, secondDecimals } from './clickhouse-types.ts'

/**
 * SQL that turns a column of any type which `archiveTypeProblem` lets pass into canonical form (L2). Two types arrive:
 * numbers as Float64 (NaN for null, inf for what has no canonical form, so that whoever reads can refuse the row), texts as
 * `LowCardinality(Nullable(String))`.
 */
export interface CanonicalColumn {
  readonly kind: 'number' | 'text'
  readonly sql: string
}

const SAFE_MAX = Number.MAX_SAFE_INTEGER

/** Most minor units in a double, as on every road: from 2^52 on two amounts can be the same double. */
const DOUBLE_MINOR_MAX = 2 ** 50 - 1

/** Most minor units that a column of doubles holds; without decimals every safe integer is one double. */
export function doubleMinorMax(scale: number): number {
  return scale === 0 ? SAFE_MAX : DOUBLE_MINOR_MAX
}

/** ISO 8601 with an offset, as the stream takes it; whether a month has that many days is left to the parser. */
const ISO_TIME = String.raw`^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$`

/** Canonical form of a column; `raw` is a reference to it in SQL. */
export function canonicalSql(
  column: ArchiveColumn,
  type: ClickHouseType,
  raw: string,
  precision: 'ms' | 's',
): CanonicalColumn {
  const kind = column.type.kind
  if (kind === 'string' || kind === 'enum') {
    return { kind: 'text', sql: `CAST(${textSql(type, raw)} AS LowCardinality(Nullable(String)))` }
  }
  const plain = type.isDictionary ? `CAST(${raw} AS ${type.nullable ? `Nullable(${type.inner})` : type.inner})` : raw
  const value = type.nullable ? `assumeNotNull(${plain})` : plain
  const sql = numberSql(column, type, value, precision)
  return { kind: 'number', sql: type.nullable ? `if(isNull(${raw}), nan, ${sql})` : sql }
}

/** The text of a column that carries strings or ids: what `toString` gives is canonical for all types that may. */
export function textSql(type: ClickHouseType, raw: string): string {
  return type.name === 'String' ? raw : `toString(${raw})`
}

function numberSql(column: ArchiveColumn, type: ClickHouseType, value: string, precision: 'ms' | 's'): string {
  switch (column.type.kind) {
    case 'int':
      return safeInteger(type, value)
    case 'bool':
      return `if(${value} <= 1, toFloat64(${value}), inf)`
    case 'double':
      return doubleSql(type, value)
    case 'money':
      return moneySql(column.type.scale, type, value)
    case 'time':
      return timeSql(type, value, precision)
    default:
      throw new TypeError(`a ${column.type.kind} is read as text`)
  }
}

function safeInteger(type: ClickHouseType, value: string): string {
  const number = `toFloat64(${value})`
  return isSmallInteger(type) ? number : `if(${value} BETWEEN -${SAFE_MAX} AND ${SAFE_MAX}, ${number}, inf)`
}

function doubleSql(type: ClickHouseType, value: string): string {
  // Dividing a Decimal's digits rounds twice past 2^53; its text is parsed to the nearest double, as JSON's is.
  if (type.name !== 'Float64' && !isInteger(type)) return `toFloat64(toString(${value}))`
  if (isInteger(type)) return `toFloat64(${value})`
  // The middle branch turns -0 into 0.
  return `multiIf(NOT isFinite(${value}), inf, ${value} = 0, 0., ${value})`
}

function moneySql(scale: number, type: ClickHouseType, value: string): string {
  const decimals = decimalScale(type)
  if (decimals !== null) return decimalMoneySql(decimals - scale, type, value)
  if (type.name === 'String') return textMoneySql(scale, value)
  const factor = `1e${scale}`
  const minor = `round(${value} * ${factor})`
  // Division rounds correctly: it gives the value back exactly where that is the double nearest to so many minor units.
  const exact = `abs(${minor}) <= ${doubleMinorMax(scale)} AND ${minor} / ${factor} = ${value}`
  return `multiIf(${minor} = 0 AND ${value} = 0, 0., ${exact}, ${minor}, inf)`
}

/** The integer behind a Decimal, cut or lengthened by `excess` digits; digits that are cut must be zeros. */
function decimalMoneySql(excess: number, type: ClickHouseType, value: string): string {
  const bits = [9, 18, 38, 76].findIndex((digits) => type.args[0]! <= digits)
  const digits = `reinterpretAsInt${[32, 64, 128, 256][bits]}(${value})`
  if (excess <= 0) {
    const factor = 10 ** -excess
    const max = Math.floor(SAFE_MAX / factor)
    return `if(${digits} BETWEEN -${max} AND ${max}, toFloat64(${digits}) * ${factor}, inf)`
  }
  const factor = `toInt256('1${'0'.repeat(excess)}')`
  const minor = `intDiv(${digits}, ${factor})`
  return `if(${digits} % ${factor} = 0 AND ${minor} BETWEEN -${SAFE_MAX} AND ${SAFE_MAX}, toFloat64(${minor}), inf)`
}

function textMoneySql(scale: number, text: string): string {
  const pattern = `^-?(0|[1-9][0-9]{0,15})${scale === 0 ? '' : `(\\\\.[0-9]{1,${scale}})?`}$`
  const point = `position(${text}, '.')`
  const decimals = `if(${point} = 0, 0, length(${text}) - ${point})`
  const digits = `toInt256OrZero(replaceOne(${text}, '.', ''))`
  const minor = `${digits} * toInt256(exp10(${scale} - ${decimals}))`
  return `if(match(${text}, '${pattern}') AND abs(${minor}) <= ${SAFE_MAX}, toFloat64(${minor}), inf)`
}

function timeSql(type: ClickHouseType, value: string, precision: 'ms' | 's'): string {
  const ms = millisecondsSql(type, value)
  if (precision === 'ms' || type.name === 'DateTime') return ms
  return `floor(${ms} / 1000) * 1000`
}

function millisecondsSql(type: ClickHouseType, value: string): string {
  if (isInteger(type)) return safeInteger(type, value)
  if (type.name === 'DateTime') return `toFloat64(toUnixTimestamp(${value})) * 1000`
  if (secondDecimals(type) !== null) return `toFloat64(toUnixTimestamp64Milli(${value}))`
  const parsed = `toFloat64(toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(${value}, 3, 'UTC')))`
  // The best-effort parser takes much more than the stream does, so that the shape is checked first.
  return `if(match(${value}, '${ISO_TIME}'), ifNull(${parsed}, inf), inf)`
}
