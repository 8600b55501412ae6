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
 * ever written can be read. Of two copies of a row the one of the higher schema number wins (L1); schemas stand in the order of
 * their numbers.
 */
export interface RowSchemas {
  readonly columns: readonly StoredColumn[]
  readonly schemas: readonly RowSchema[]
  /**
   * Columns, by number, that no definition reads any more ({@link retireColumns}): whoever does not want them writes rows without
   * them. They and their numbers stay, and are taken up again by the next who wants them.
   */
  readonly retired?: readonly number[]
}

/** The highest schema number: they are 16 bits in a row. */
export const SCHEMA_NUMBER_MAX = 65_535

/** Between a schema and the next: there is room for those that come later and must not win over it. */
export const SCHEMA_STEP = 16

/** Most values of an enum: their codes are 16 bits in a row. */
export const ENUM_VALUES_MAX = 65_535

export const EMPTY_SCHEMAS: RowSchemas = { columns: [], schemas: [] }

/** The number of a column in the registry, or -1: name and stored form must agree. */
export function findColumn(schemas: RowSchemas, name: string, type: ColumnType): number {
  const identity = typeIdentity(type)
  return schemas.columns.findIndex((column) => column.name === name && typeIdentity(column.type) === identity)
}

/** A registry, and the schema of it that somebody writes. */
export interface WrittenSchema {
  readonly schemas: RowSchemas
  readonly schema: RowSchema
}

/**
 * The registry in which rows with the wanted columns can be written (the same object where it has all that is needed), and the
 * schema to write. Columns of the highest schema stay while the source still has them (`possible`), so that a feature that goes
 * and comes back finds them filled; but not those that are retired, unless they are wanted.
 *
 * Processes of several definitions write side by side, so a row has copies of several schemas, and the fullest must win: a
 * schema is numbered below all that have its columns and more. `first`: the number of a registry's first schema.
 */
export function extendSchemas(
  schemas: RowSchemas,
  wanted: readonly StoredColumn[],
  possible: readonly StoredColumn[],
  first = SCHEMA_STEP,
): WrittenSchema {
  const columns = [...schemas.columns]
  let changed = false
  const numberOf = (column: StoredColumn): number => {
    const found = findColumn({ columns, schemas: [] }, column.name, column.type)
    if (found < 0) {
      changed = true
      return columns.push(column) - 1
    }
    const grown = grownColumn(columns[found]!, column)
    if (grown !== null) {
      changed = true
      columns[found] = grown
    }
    return found
  }
  const needed = new Set(wanted.map(numberOf))
  const retired = (schemas.retired ?? []).filter((number) => !needed.has(number))
  changed ||= retired.length < (schemas.retired?.length ?? 0)
  const highest = schemas.schemas.at(-1)
  for (const column of possible) {
    const number = findColumn({ columns, schemas: [] }, column.name, column.type)
    if (number >= 0 && highest?.columns.includes(number) && !retired.includes(number)) needed.add(numberOf(column))
  }
  const next = [...needed].sort((a, b) => a - b)
  const place = schemas.schemas.length === 0 ? first : placeOf(schemas.schemas, next)
  if (typeof place !== 'number')
    return { schemas: changed ? registry(columns, schemas.schemas, retired) : schemas, schema: place }
  const schema = { number: place, columns: next }
  const all = [...schemas.schemas, schema].sort((a, b) => a.number - b.number)
  return { schemas: registry(columns, all, retired), schema }
}

function registry(
  columns: readonly StoredColumn[],
  schemas: readonly RowSchema[],
  retired: readonly number[],
): RowSchemas {
  return { columns, schemas, ...(retired.length > 0 && { retired }) }
}

/** A stored column with what another definition of it allows beyond; null where that is nothing. */
function grownColumn(kept: StoredColumn, column: StoredColumn): StoredColumn | null {
  if (column.type.kind === 'enum' && kept.type.kind === 'enum') {
    const known = kept.type.values
    const added = column.type.values.filter((value) => !known.includes(value))
    return added.length === 0 ? null : { name: kept.name, type: { ...kept.type, values: [...known, ...added] } }
  }
  const longer =
    column.type.kind === 'string' && kept.type.kind === 'string' && column.type.bytesMax > kept.type.bytesMax
  return longer ? column : null
}

/** The schema of exactly these columns where it is in its place; else the number of a new one. */
function placeOf(schemas: readonly RowSchema[], columns: readonly number[]): RowSchema | number {
  let place = schemas.length
  while (place > 0) {
    const above = schemas[place - 1]!
    if (!columns.every((column) => above.columns.includes(column))) break
    if (above.columns.length === columns.length) return above
    place--
  }
  const below = schemas[place - 1]?.number ?? 0
  const number = place === schemas.length ? below + SCHEMA_STEP : (below + schemas[place]!.number) >> 1
  if (number !== below && number <= SCHEMA_NUMBER_MAX) return number
  const top = schemas.at(-1)!.number + 1
  if (top > SCHEMA_NUMBER_MAX) throw new RangeError(`a timeline has no row schemas beyond number ${SCHEMA_NUMBER_MAX}`)
  return top
}

/** A registry some of whose columns are retired. */
export interface RetiredColumns {
  readonly schemas: RowSchemas
  /** By number of a schema that has such a column: the one that takes its place, without it. */
  readonly narrower: ReadonlyMap<number, RowSchema>
}

/**
 * The registry with some columns retired. A narrower schema stands below the one whose place it takes, and above all that this one wins
 * over; so it wins over no other, and hides no column but those that go. Null where there is no number left for one.
 */
export function retireColumns(schemas: RowSchemas, gone: ReadonlySet<number>): RetiredColumns | null {
  let all = schemas.schemas
  const narrower = new Map<number, RowSchema>()
  for (const { number, columns } of schemas.schemas) {
    if (!columns.some((column) => gone.has(column))) continue
    const kept = columns.filter((column) => !gone.has(column))
    const place = narrowPlace(all, number, kept)
    if (place === null) return null
    narrower.set(number, place)
    if (!all.includes(place)) all = [...all, place].sort((a, b) => a.number - b.number)
  }
  const retired = [...new Set([...(schemas.retired ?? []), ...gone])].sort((a, b) => a - b)
  const same = all === schemas.schemas && retired.length === (schemas.retired?.length ?? 0)
  return { schemas: same ? schemas : registry(schemas.columns, all, retired), narrower }
}

/** The schema of exactly these columns below another, where all in between have them, too; else a new one right below it. */
function narrowPlace(schemas: readonly RowSchema[], number: number, columns: readonly number[]): RowSchema | null {
  const at = schemas.findIndex((schema) => schema.number === number)
  for (let i = at - 1; i >= 0; i--) {
    const below = schemas[i]!
    if (!columns.every((column) => below.columns.includes(column))) break
    if (below.columns.length === columns.length) return below
  }
  const free = ((schemas[at - 1]?.number ?? 0) + number) >> 1
  return free > (schemas[at - 1]?.number ?? 0) ? { number: free, columns } : null
}

/**
 * Columns that rows of a schema hide: they are in rows of schemas that it wins over, and not in its own. Nobody can count on
 * them from when it is written.
 */
export function hiddenColumns(schemas: RowSchemas, schema: RowSchema): Set<number> {
  const beaten = schemas.schemas.filter(({ number }) => number < schema.number).flatMap((one) => one.columns)
  return new Set(beaten.filter((column) => !schema.columns.includes(column)))
}

/**
 * The highest schema that somebody can write who must write some columns and can write others, which are not retired; null: there is
 * none yet.
 */
export function writableSchema(
  schemas: RowSchemas,
  wanted: readonly StoredColumn[],
  possible: readonly StoredColumn[],
): RowSchema | null {
  const numbers = (list: readonly StoredColumn[]) => list.map(({ name, type }) => findColumn(schemas, name, type))
  const needed = numbers(wanted)
  const isGiven = (number: number) => needed.includes(number) || !schemas.retired?.includes(number)
  const given = new Set(numbers(possible).filter(isGiven))
  const writable = ({ columns }: RowSchema) =>
    needed.every((number) => columns.includes(number)) && columns.every((number) => given.has(number))
  return schemas.schemas.findLast(writable) ?? null
}

/** The registry as somebody sees it who writes a certain schema: that one is the last. */
export function writtenAs({ columns }: RowSchemas, schema: RowSchema): RowSchemas {
  return { columns, schemas: [schema] }
}
