import { type ColumnKind, type ColumnType, DOUBLE_MAX, TIME_MS_MAX, TIME_MS_MIN } from '../../timeline/column-type.ts'
import type { FilterNode, Literal } from '../../timeline/filter.ts'
import type { ColumnReading } from '../column-types.ts'
import type { SourceData } from '../definition.ts'
import { showValue } from '../event-error.ts'
import { parseIsoTime } from '../iso-time.ts'
import { columnNamed, columnNames, hasColumn } from '../schema-columns.ts'
import type { Report } from './report.ts'

/** Kinds whose values have an order that means something. */
const ORDERED: ReadonlySet<ColumnKind> = new Set(['int', 'money', 'double', 'time'])
const ORDERING = new Set(['gt', 'gte', 'lt', 'lte'])

/** Checks a filter of a feature over a source's columns. `what`: as `the feature 'declines'`. */
export function checkFilter(report: Report, what: string, node: FilterNode, source: SourceData): void {
  switch (node.op) {
    case 'and':
    case 'or':
      if (node.filters.length === 0) report.error(`${what} has ${node.op}() of nothing`, 'give it at least one filter')
      for (const filter of node.filters) checkFilter(report, what, filter, source)
      return
    case 'not':
      checkFilter(report, what, node.filter, source)
      return
    case 'null':
      checkColumn(report, what, node, source)
      return
    case 'in': {
      const read = checkColumn(report, what, node, source)
      if (node.values.length === 0) report.error(`${what} has inList() of no values`, 'give it at least one value')
      if (read !== null) for (const value of node.values) checkLiteral(report, what, node.column, read, value)
      return
    }
    default: {
      const read = checkColumn(report, what, node, source)
      if (read === null) return
      const { type } = read
      if (ORDERING.has(node.op) && !ORDERED.has(type.kind)) {
        const message = `${what} compares ${node.column} by ${node.op}(), but it is of type ${type.kind}, which has no order`
        report.error(message, 'use eq(), ne() or inList()')
      } else checkLiteral(report, what, node.column, read, node.value)
    }
  }
}

/** The column that a feature names; null, after telling why, where there is none. A refused column is told elsewhere. */
export function checkColumn(
  report: Report,
  what: string,
  { source: named, column }: { readonly source: string; readonly column: string },
  source: SourceData,
): ColumnReading | null {
  if (named !== source.name) {
    const cure = `use columns of ${source.name}, or make a group with source: ${named}`
    report.error(`${what} reads ${named}.${column}, but the source of its group is ${source.name}`, cure)
    return null
  }
  if (!hasColumn(source, column)) {
    report.error(`${what} reads ${named}.${column}, which is no column`, `use one of ${columnNames(source)}`)
    return null
  }
  return columnNamed(source, column)
}

function checkLiteral(report: Report, what: string, column: string, read: ColumnReading, value: Literal): void {
  const cure = read.epoch ? epochCure(value) : literalCure(read.type, value)
  if (cure !== null)
    report.error(`${what} compares ${column} with ${showValue(value)}, which is none of its values`, cure)
}

function epochCure(value: Literal): string | null {
  const known = Number.isSafeInteger(value) && inRange(value as number)
  return known ? null : 'write epoch milliseconds of 2000 to 2100, as 1714566600000'
}

function inRange(time_ms: number): boolean {
  return time_ms >= TIME_MS_MIN && time_ms <= TIME_MS_MAX
}

/** What to write instead of a literal that no value of the type can equal; null where it is fine. */
function literalCure(type: ColumnType, value: Literal): string | null {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' && value.isWellFormed() ? null : 'write a text'
    case 'enum':
      return type.values.includes(value as string) ? null : `write one of ${type.values.map(showValue).join(', ')}`
    case 'bool':
      return typeof value === 'boolean' ? null : 'write true or false'
    case 'int':
      return Number.isSafeInteger(value) ? null : 'write a whole number below 2^53'
    case 'money':
      return Number.isSafeInteger(value)
        ? null
        : `write minor units: at scale ${type.scale}, ${10 ** type.scale} is one whole unit`
    case 'double':
      return typeof value === 'number' && Math.abs(value) <= DOUBLE_MAX ? null : `write a number within ±${DOUBLE_MAX}`
    case 'time': {
      const time_ms = typeof value === 'string' ? parseIsoTime(value) : null
      return time_ms !== null && inRange(time_ms)
        ? null
        : 'write a time of 2000 to 2100 in ISO 8601, as "2024-05-01T12:30:00Z"'
    }
  }
}
