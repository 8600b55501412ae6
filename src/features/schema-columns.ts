import { type ColumnReading, isRefusal, readColumn } from './column-types.ts'
import type { SourceData } from './definition.ts'
import type { Refusal } from './zod-definition.ts'

const known = new WeakMap<SourceData, ReadonlyMap<string, ColumnReading | Refusal>>()

/** The columns of a source's schema, each understood or refused. */
export function schemaColumns(source: SourceData): ReadonlyMap<string, ColumnReading | Refusal> {
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

/** A column of a source, or null where it has none of that name or refuses it, which is told of the source. */
export function columnNamed(source: SourceData, name: string): ColumnReading | null {
  const column = schemaColumns(source).get(name)
  return column === undefined || isRefusal(column) ? null : column
}

/** Whether a source has a column of that name, be it a refused one. */
export function hasColumn(source: SourceData, name: string): boolean {
  return schemaColumns(source).has(name)
}

/** The names of a source's columns, for a message that says which there are. */
export function columnNames(source: SourceData): string {
  return [...schemaColumns(source).keys()].join(', ')
}
