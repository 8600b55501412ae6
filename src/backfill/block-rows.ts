import type { SourceModel, TimelineModel } from '../features/model.ts'
import type { ArchiveBlock, BlockColumn } from '../stores/event-archive.ts'
import { type ColumnType, TIME_MS_MAX, TIME_MS_MIN, type Value } from '../timeline/column-type.ts'

/** What a backfill reads of an archive, columns by their number in the source. */
export interface BlockPlan {
  /** Columns by which the archive groups rows: those of the entity's key that it has. */
  readonly key: readonly number[]
  /** Columns to read beside key, id and time. */
  readonly columns: readonly number[]
  /** What a row holds, in the order of its schema. */
  readonly written: readonly number[]
  readonly version: number | null
  readonly deleted: number | null
  /** Something of the key or of the row must be computed. */
  readonly computes: boolean
  /** The archive cannot group the rows of an entity, as a part of its key is computed. */
  readonly scattered: boolean
}

/** `written`: the columns that a row holds. What is computed is computed from all that its functions may see. */
export function blockPlan({ source, key }: TimelineModel, written: readonly number[]): BlockPlan {
  const { raw, time, notYetKnown, version, deleted } = source
  const isRaw = (column: number) => column < raw.length
  const scattered = !key.every(isRaw)
  const computes = scattered || !written.every(isRaw)
  const seen = computes ? [...raw.keys()].filter((column) => column !== time && !notYetKnown.includes(column)) : []
  const extra = [version, deleted].filter((column) => column !== null)
  const grouped = key.filter(isRaw)
  return {
    // Without one, by the event: parts are then of events, and union brings the rows of an entity together.
    key: grouped.length === 0 ? [source.id] : grouped,
    columns: [...new Set([...written.filter(isRaw), ...extra, ...seen])],
    written,
    version,
    deleted,
    computes,
    scattered,
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
export interface BlockReader {
  /** Of the entity's key; null only where it is computed. */
  keyPart(row: number, part: number): Value
  /** Fills `into` with the row's values, in the order of the row schema. */
  values(row: number, into: Value[]): void
  version(row: number): number
  deleted(row: number): boolean
  /** Why a row is not a valid event of the source, or null. Only what the backfill reads is looked at. */
  problem(row: number): string | null
}

/** Reads a block as a plan says. */
export function blockReader(block: ArchiveBlock, timeline: TimelineModel, plan: BlockPlan): BlockReader {
  const plain = new BlockRows(block, timeline.source, plan)
  return plan.computes ? new ComputedRows(timeline, plan, plain) : plain
}

class BlockRows implements BlockReader {
  readonly #block: ArchiveBlock
  readonly #source: SourceModel
  readonly #plan: BlockPlan
  /** Places in the plan's columns of what a row holds, and of its version and deletion, or -1. */
  readonly #places: readonly number[]
  readonly #version: number
  readonly #deleted: number
  readonly #key: readonly ((row: number) => Value)[]
  readonly #cells: readonly ((row: number) => Value)[]

  constructor(block: ArchiveBlock, source: SourceModel, plan: BlockPlan) {
    this.#block = block
    this.#source = source
    this.#plan = plan
    this.#places = plan.written.map((column) => plan.columns.indexOf(column))
    this.#version = plan.version === null ? -1 : plan.columns.indexOf(plan.version)
    this.#deleted = plan.deleted === null ? -1 : plan.columns.indexOf(plan.deleted)
    this.#key = plan.key.map((column, i) => cellReader(source.columns[column]!.type, block.key[i]!))
    this.#cells = plan.columns.map((column, i) => cellReader(source.columns[column]!.type, block.columns[i]!))
  }

  keyPart(row: number, part: number): Value {
    return this.#key[part]!(row)
  }

  /** Fills `into` with what the plan reads, by the numbers of the source's columns. */
  read(row: number, into: Value[]): void {
    const { key, columns } = this.#plan
    for (let i = 0; i < key.length; i++) into[key[i]!] = this.#key[i]!(row)
    for (let i = 0; i < columns.length; i++) into[columns[i]!] = this.#cells[i]!(row)
    into[this.#source.time] = this.#block.time_ms[row]!
  }

  values(row: number, into: Value[]): void {
    const places = this.#places
    for (let i = 0; i < places.length; i++) into[i] = this.#cells[places[i]!]!(row)
  }

  version(row: number): number {
    return this.#version < 0 ? 0 : ((this.#cells[this.#version]!(row) as number | null) ?? 0)
  }

  deleted(row: number): boolean {
    return this.#deleted >= 0 && this.#cells[this.#deleted]!(row) === true
  }

  problem(row: number): string | null {
    const source = this.#source
    const time = this.#block.time_ms[row]!
    // Also true of a time that is null or cannot be held.
    if (!(time >= TIME_MS_MIN && time < TIME_MS_MAX)) {
      return `${source.columns[source.time]!.name}: ${time} is not an instant between 2000 and 2100`
    }
    for (let i = 0; i < this.#key.length; i++) {
      const problem = this.#source.rawParser.problem(this.#plan.key[i]!, this.#key[i]!(row))
      if (problem !== null) return problem
    }
    for (let i = 0; i < this.#cells.length; i++) {
      const problem = this.#source.rawParser.problem(this.#plan.columns[i]!, this.#cells[i]!(row))
      if (problem !== null) return problem
    }
    return null
  }
}

/** The same with what is computed, each row once. */
class ComputedRows implements BlockReader {
  readonly #plain: BlockRows
  readonly #timeline: TimelineModel
  readonly #plan: BlockPlan
  readonly #event: Value[] = []
  #row = -1

  constructor(timeline: TimelineModel, plan: BlockPlan, plain: BlockRows) {
    this.#plain = plain
    this.#timeline = timeline
    this.#plan = plan
  }

  keyPart(row: number, part: number): Value {
    return this.#whole(row)[this.#timeline.key[part]!]!
  }

  values(row: number, into: Value[]): void {
    const event = this.#whole(row)
    const { written } = this.#plan
    for (let i = 0; i < written.length; i++) into[i] = event[written[i]!]!
  }

  version(row: number): number {
    return this.#plain.version(row)
  }

  deleted(row: number): boolean {
    return this.#plain.deleted(row)
  }

  problem(row: number): string | null {
    return this.#plain.problem(row)
  }

  /** The row's values by the numbers of the source's columns; null what the plan does not read. */
  #whole(row: number): readonly Value[] {
    if (row === this.#row) return this.#event
    const { raw, computed } = this.#timeline.source
    const event = this.#event
    event.length = 0
    for (let i = 0; i < raw.length; i++) event.push(null)
    this.#plain.read(row, event)
    computed!.appendTo(event)
    this.#row = row
    return event
  }
}
