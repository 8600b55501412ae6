import type { SourceModel, TimelineModel } from '../features/model.ts'
import type { ArchiveBlock, BlockColumn } from '../stores/event-archive.ts'
import { type ColumnType, TIME_MS_MAX, TIME_MS_MIN, type Value } from '../timeline/column-type.ts'

/** Columns that a backfill reads beside key, id and time, by their number in the source. */
export interface BlockPlan {
  readonly columns: readonly number[]
  /** Places in `columns` of what a row holds, in the order of its schema. */
  readonly row: readonly number[]
  readonly version: number | null
  readonly deleted: number | null
}

export function blockPlan(source: SourceModel, written: readonly number[]): BlockPlan {
  const extra = [source.version, source.deleted].filter((column) => column !== null)
  const columns = [...new Set([...written, ...extra])]
  const place = (column: number | null) => (column === null ? null : columns.indexOf(column))
  return {
    columns,
    row: written.map((column) => columns.indexOf(column)),
    version: place(source.version),
    deleted: place(source.deleted),
  }
}

/** Reads one canonical value after another out of a decoded column. */
function cellReader(type: ColumnType, column: BlockColumn): (row: number) => Value {
  const { values } = column
  if (column.kind === 'strings') return (row) => values[row] as string | null
  if (type.kind === 'bool') {
    return (row) => {
      const cell = values[row] as number
      // Anything else than 0 and 1 stays a number, which is no value of the column: the row is refused.
      return Number.isNaN(cell) ? null : cell === 1 ? true : cell === 0 ? false : cell
    }
  }
  return (row) => {
    const cell = values[row] as number
    return Number.isNaN(cell) ? null : cell
  }
}

/** A block of archived rows, read row by row in canonical form. */
export class BlockRows {
  readonly #block: ArchiveBlock
  readonly #source: SourceModel
  readonly #timeline: TimelineModel
  readonly #plan: BlockPlan
  readonly #key: readonly ((row: number) => Value)[]
  readonly #cells: readonly ((row: number) => Value)[]

  constructor(block: ArchiveBlock, timeline: TimelineModel, plan: BlockPlan) {
    const { source } = timeline
    this.#block = block
    this.#source = source
    this.#timeline = timeline
    this.#plan = plan
    this.#key = timeline.key.map((column, i) => cellReader(source.columns[column]!.type, block.key[i]!))
    this.#cells = plan.columns.map((column, i) => cellReader(source.columns[column]!.type, block.columns[i]!))
  }

  keyPart(row: number, part: number): Value {
    return this.#key[part]!(row)
  }

  /** Fills `into` with the row's values, in the order of the row schema. */
  values(row: number, into: Value[]): void {
    const { row: places } = this.#plan
    for (let i = 0; i < places.length; i++) into[i] = this.#cells[places[i]!]!(row)
  }

  version(row: number): number {
    const { version } = this.#plan
    return version === null ? 0 : ((this.#cells[version]!(row) as number | null) ?? 0)
  }

  deleted(row: number): boolean {
    const { deleted } = this.#plan
    return deleted !== null && this.#cells[deleted]!(row) === true
  }

  /** Why a row is not a valid event of the source, or null. Only what the backfill reads is looked at. */
  problem(row: number): string | null {
    const { source } = this.#timeline
    const time = this.#block.time_ms[row]!
    // Also true of a time that is null or cannot be held.
    if (!(time >= TIME_MS_MIN && time < TIME_MS_MAX)) {
      return `${source.columns[source.time]!.name}: ${time} is not an instant between 2000 and 2100`
    }
    for (let i = 0; i < this.#key.length; i++) {
      const problem = this.#source.parser.problem(this.#timeline.key[i]!, this.#key[i]!(row))
      if (problem !== null) return problem
    }
    for (let i = 0; i < this.#cells.length; i++) {
      const problem = this.#source.parser.problem(this.#plan.columns[i]!, this.#cells[i]!(row))
      if (problem !== null) return problem
    }
    return null
  }
}
