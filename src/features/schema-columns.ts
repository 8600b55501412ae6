import { type ColumnReading, isRefusal, readColumn } from './column-types.ts'
import type { ComputedReading } from './computed-columns.ts'
import type { SourceData } from './definition.ts'
import type { Refusal } from './zod-definition.ts'

type Columns = ReadonlyMap<string, ColumnReading | Refusal>

const known = new WeakMap<SourceData, Columns>()
const computed = new WeakMap<SourceData, Columns>()

/** The columns of a source's schema, those that events bring, each understood or refused. */
export function schemaColumns(source: SourceData): Columns {
  const columns =
    known.get(source) ??
    new Map(
      Object.entries(source.schema._zod.def.shape).map(([name, schema]) => {
        const column = readColumn(schema)
        return [name, name === source.time ? asTime(column) : column]
      }),
    )
  known.set(source, columns)
  return columns
}

/** An event's time is of one type, whether it is given as ISO 8601 or as epoch milliseconds. */
function asTime(column: ColumnReading | Refusal): ColumnReading | Refusal {
  return isRefusal(column) || column.type.kind !== 'int' ? column : { ...column, type: { kind: 'time' }, epoch: true }
}

/** The computed columns of a source, each understood or refused. Any may be null: a function can fail. */
export function computedColumns(source: SourceData): Columns {
  const columns =
    computed.get(source) ??
    new Map(
      Object.entries(source.compute).map(([name, { version, type, of }]): [string, ComputedReading | Refusal] => {
        const column = readColumn(type)
        if (isRefusal(column)) return [name, column]
        return [name, { ...column, name, of, type: { ...column.type, version }, nullable: true }]
      }),
    )
  computed.set(source, columns)
  return columns
}

/** All columns of a source; what the schema has and a function computes, too, is told of the source. */
export function allColumns(source: SourceData): Columns {
  return new Map([...schemaColumns(source), ...computedColumns(source)])
}

/** A column of a source, or null where it has none of that name or refuses it, which is told of the source. */
export function columnNamed(source: SourceData, name: string, columns = allColumns(source)): ColumnReading | null {
  const column = columns.get(name)
  return column === undefined || isRefusal(column) ? null : column
}

/** Whether a source has a column of that name, be it a refused one. */
export function hasColumn(source: SourceData, name: string): boolean {
  return schemaColumns(source).has(name) || Object.hasOwn(source.compute, name)
}

/** The names of a source's columns, for a message that says which there are. */
export function columnNames(source: SourceData, columns = allColumns(source)): string {
  return [...columns.keys()].join(', ')
}

/** Whether a column is an outcome: not known while the event is scored. An outcome that is no list is told of the source. */
export function isOutcome(source: SourceData, column: string): boolean {
  return Array.isArray(source.outcome) && source.outcome.includes(column)
}

/** What a column is that is not known while the event is scored, for a message; null where it is known. */
export function laterThanScored(source: SourceData, column: string): string | null {
  if (isOutcome(source, column)) return 'an outcome'
  if (source.version === column) return 'the version of an event'
  return source.deleted === column ? 'whether an event is deleted' : null
}
