import type { ColumnType } from '../../timeline/column-type.ts'
import type { ArchiveColumn } from '../event-archive.ts'

/** A type of ClickHouse, without the wrappers that change nothing of what a value means. */
export interface ClickHouseType {
  /** As `system.columns` writes it: `LowCardinality(Nullable(String))`. */
  readonly text: string
  /** Inside `LowCardinality` and `Nullable`: `Decimal(18, 2)`. */
  readonly inner: string
  /** Its name alone: `Decimal`. */
  readonly name: string
  readonly nullable: boolean
  /** Inside `LowCardinality`, which most functions pass on to their result. */
  readonly isDictionary: boolean
  /** The numbers between its parentheses, where it has any: 18 and 2. */
  readonly args: readonly number[]
}

/** Reads a type as ClickHouse writes it. */
export function parseClickHouseType(text: string): ClickHouseType {
  const coded = unwrap(text, 'LowCardinality')
  const bare = unwrap(coded ?? text, 'Nullable')
  const inner = bare ?? coded ?? text
  const open = inner.indexOf('(')
  const name = open === -1 ? inner : inner.slice(0, open)
  // Enum members may hold digits, which are no arguments.
  const args = open === -1 || name.startsWith('Enum') ? [] : [...inner.slice(open).matchAll(/\d+/g)].map(Number)
  return { text, inner, name, nullable: bare !== null, isDictionary: coded !== null, args }
}

function unwrap(text: string, wrapper: string): string | null {
  return text.startsWith(`${wrapper}(`) ? text.slice(wrapper.length + 1, -1) : null
}

export function isInteger(type: ClickHouseType): boolean {
  return /^U?Int(8|16|32|64|128|256)$/.test(type.name)
}

/** Whether every value of an integer type is a safe integer of JavaScript. */
export function isSmallInteger(type: ClickHouseType): boolean {
  return /^U?Int(8|16|32)$/.test(type.name)
}

/** Decimals of a second that a time column keeps; null for a type that is no time. */
export function secondDecimals(type: ClickHouseType): number | null {
  if (type.name === 'DateTime') return 0
  return type.name === 'DateTime64' ? type.args[0]! : null
}

/** Decimals of a Decimal; null for another type. */
export function decimalScale(type: ClickHouseType): number | null {
  return type.name === 'Decimal' ? type.args[1]! : null
}

/** The type of a column that we create: what holds every canonical value, and no more. */
export function columnTypeSql(type: ColumnType, nullable: boolean): string {
  const wrap = (inner: string) => (nullable ? `Nullable(${inner})` : inner)
  switch (type.kind) {
    case 'string':
      return wrap('String')
    case 'enum':
      // A few values: LowCardinality stores and reads them as small numbers, and takes new ones without ALTER.
      return `LowCardinality(${wrap('String')})`
    case 'int':
      return wrap('Int64')
    case 'money':
      return wrap(`Decimal(18, ${type.scale})`)
    case 'double':
      return wrap('Float64')
    case 'bool':
      return wrap('Bool')
    case 'time':
      return wrap(`DateTime64(3, 'UTC')`)
  }
}

/**
 * Says, as a sentence with a cure, why a column of a ClickHouse type cannot carry the canonical values of `column`, or null
 * where it can. A type that can hold *some* wrong values passes (a UInt64 past 2^53): such a value is refused row by row.
 *
 * `role.precision` is the source's; `'s'` lets a column be as coarse as a second (L2).
 */
export function archiveTypeProblem(
  column: ArchiveColumn,
  clickhouseType: string,
  role: { readonly isTime: boolean; readonly precision: 'ms' | 's' },
): string | null {
  const type = parseClickHouseType(clickhouseType)
  const cure = problemOf(column.type, type, role)
  if (cure === null) return null
  return `archive column '${column.name}' is ${clickhouseType}, which cannot carry ${nameOf(column.type, role)}: ${cure}`
}

function nameOf(type: ColumnType, role: { readonly isTime: boolean }): string {
  if (type.kind === 'money') return `money with ${type.scale} decimals`
  if (type.kind === 'time' && role.isTime) return 'the time of the events'
  return `values of type ${type.kind}`
}

function problemOf(column: ColumnType, type: ClickHouseType, role: { readonly precision: 'ms' | 's' }): string | null {
  switch (column.kind) {
    case 'string':
      if (/^(String|FixedString|Enum8|Enum16|UUID|IPv4)$/.test(type.name) || isInteger(type)) return null
      return 'make it String, FixedString, UUID, Enum, IPv4 or an integer'
    case 'enum':
      return /^(String|FixedString|Enum8|Enum16)$/.test(type.name) ? null : 'make it LowCardinality(String) or an Enum'
    case 'int':
      return isInteger(type) ? null : 'make it Int64'
    case 'bool':
      return type.name === 'Bool' || type.name === 'UInt8' ? null : 'make it Bool or UInt8'
    case 'double':
      return doubleProblem(type)
    case 'money':
      return moneyProblem(column.scale, type)
    case 'time':
      return timeProblem(type, role.precision)
  }
}

function doubleProblem(type: ClickHouseType): string | null {
  if (type.name === 'Float64' || type.name === 'Decimal' || isInteger(type)) return null
  if (type.name === 'Float32') return 'it is coarser than the stream, which has 64-bit doubles: make it Float64'
  return 'make it Float64'
}

function moneyProblem(wanted: number, type: ClickHouseType): string | null {
  const scale = decimalScale(type)
  const decimal = `make it Decimal(18, ${wanted})`
  if (scale !== null) return scale >= wanted ? null : `it is coarser than the stream: ${decimal}`
  if (type.name === 'Float64' || type.name === 'String') return null
  if (type.name === 'Float32') return `it is coarser than the stream, as it rounds after 7 digits: ${decimal}`
  if (isInteger(type)) return `nobody can tell whole units from minor ones in it: ${decimal}`
  return decimal
}

function timeProblem(type: ClickHouseType, precision: 'ms' | 's'): string | null {
  if (type.name === 'Int64' || type.name === 'UInt64' || type.name === 'String') return null
  const decimals = secondDecimals(type)
  if (decimals === null) return `make it DateTime64(3, 'UTC'), Int64 of epoch milliseconds, or String of ISO 8601`
  if (precision === 's' || decimals >= 3) return null
  return `it is coarser than the stream, which has milliseconds: make it DateTime64(3, 'UTC'), or say precision: 's' in the source`
}
