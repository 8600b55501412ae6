import { type ColumnType, typeIdentity } from './column-type.ts'

/** A column that rows of a timeline may hold. Its number is its place in {@link RowSchemas.columns}, for ever. */
export interface StoredColumn {
  readonly name: string
  /** Enum values are only ever added to, so that a code keeps its meaning. */
  readonly type: ColumnType
}

/** What the rows that carry a schema number hold: columns by number, in the order of their slots. */
export interface RowSchema {
  readonly number: number
  readonly columns: readonly number[]
}

/**
 * The append-only registry of one timeline (L7): no column and no schema is ever changed or taken away, so that every row
 * ever written can be read. Schema numbers count from 1; the last one is what is written now.
 */
export interface RowSchemas {
  readonly columns: readonly StoredColumn[]
  readonly schemas: readonly RowSchema[]
}

/** Most schemas a timeline can have: their numbers are 16 bits in a row. */
export const SCHEMA_NUMBER_MAX = 65_535

/** Most values of an enum: their codes are 16 bits in a row. */
export const ENUM_VALUES_MAX = 65_535

export const EMPTY_SCHEMAS: RowSchemas = { columns: [], schemas: [] }

/** The number of a column in the registry, or -1: name and stored form must agree. */
export function findColumn(schemas: RowSchemas, name: string, type: ColumnType): number {
  const identity = typeIdentity(type)
  return schemas.columns.findIndex((column) => column.name === name && typeIdentity(column.type) === identity)
}

/**
 * The registry in which rows with the wanted columns can be written: the same object where it has them all in its last
 * schema, else a longer one. Columns of the last schema stay in the next one while the source still has them (`possible`),
 * so that a feature that goes and comes back finds them filled.
 */
export function extendSchemas(
  schemas: RowSchemas,
  wanted: readonly StoredColumn[],
  possible: readonly StoredColumn[],
): RowSchemas {
  const columns = [...schemas.columns]
  let changed = false
  const numberOf = (column: StoredColumn): number => {
    const found = findColumn({ columns, schemas: [] }, column.name, column.type)
    if (found < 0) {
      changed = true
      return columns.push(column) - 1
    }
    const kept = columns[found]!
    if (column.type.kind === 'enum' && kept.type.kind === 'enum') {
      const known = kept.type.values
      const added = column.type.values.filter((value) => !known.includes(value))
      if (added.length > 0) {
        changed = true
        columns[found] = { name: kept.name, type: { kind: 'enum', values: [...known, ...added] } }
      }
    }
    if (column.type.kind === 'string' && kept.type.kind === 'string' && column.type.bytesMax > kept.type.bytesMax) {
      changed = true
      columns[found] = column
    }
    return found
  }
  const needed = new Set(wanted.map(numberOf))
  const last = schemas.schemas.at(-1)
  for (const column of possible) {
    const number = findColumn({ columns, schemas: [] }, column.name, column.type)
    if (number >= 0 && last?.columns.includes(number)) needed.add(numberOf(column))
  }
  const next = [...needed].sort((a, b) => a - b)
  const same = last !== undefined && last.columns.length === next.length && last.columns.every((c, i) => c === next[i])
  if (same) return changed ? { columns, schemas: schemas.schemas } : schemas
  const number = (last?.number ?? 0) + 1
  if (number > SCHEMA_NUMBER_MAX) throw new RangeError(`a timeline has at most ${SCHEMA_NUMBER_MAX} row schemas`)
  return { columns, schemas: [...schemas.schemas, { number, columns: next }] }
}
