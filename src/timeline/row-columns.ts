import type { ColumnType } from './column-type.ts'
import { Interner } from './interner.ts'
import { RowError, type RowLayout, rowLayout } from './row-codec.ts'
import type { RowIndex } from './row-index.ts'
import { findColumn, type RowSchemas } from './row-schema.ts'
import type { MaskFill } from './rows.ts'

/** A column as a reader wants it. */
export interface WantedColumn {
  readonly name: string
  readonly type: ColumnType
}

const NO_CODES = 0

/**
 * Turns the rows that a {@link RowIndex} found into columns of numbers: see `Rows.columns` for what they hold. Knows every
 * schema of the timeline; a row that lacks a column has null there.
 */
export class RowColumns {
  readonly columns: Float64Array[]
  readonly #types: readonly ColumnType[]
  readonly #fillers: readonly FillRun[]
  readonly #interners: readonly (Interner | null)[]
  /** By schema number, which are few of many that there could be. */
  readonly #layouts: ReadonlyMap<number, RowLayout>
  /** Of each wanted column: its number in the registry, or -1 where it was never written. */
  readonly #numbers: readonly number[]
  #index: RowIndex | null = null

  constructor(wanted: readonly WantedColumn[], schemas: RowSchemas) {
    this.#layouts = new Map(schemas.schemas.map((schema) => [schema.number, rowLayout(schema, schemas)]))
    this.#numbers = wanted.map(({ name, type }) => findColumn(schemas, name, type))
    // The registry's enum has every value that was ever written, in the order of their codes.
    this.#types = wanted.map(({ type }, i) => schemas.columns[this.#numbers[i]!]?.type ?? type)
    this.#interners = wanted.map(({ type }) => (type.kind === 'string' ? new Interner() : null))
    this.#fillers = wanted.map(({ type }) => fillerOf(type))
    this.columns = wanted.map(() => new Float64Array(64))
  }

  /** Throws a RowError where a row has a schema that is not in the registry that this was made with. */
  decode(index: RowIndex): void {
    this.#index = index
    for (let c = 0; c < this.columns.length; c++) {
      if (this.columns[c]!.length < index.count) this.columns[c] = new Float64Array(index.times.length)
      const number = this.#numbers[c]!
      const column = this.columns[c]!
      if (number < 0) {
        column.fill(Number.NaN, 0, index.count)
        continue
      }
      const interner = this.#interners[c]!
      interner?.reset()
      this.#fill(index, column, number, this.#fillers[c]!, interner)
    }
  }

  type(column: number): ColumnType {
    return this.#types[column]!
  }

  codes(column: number): number {
    const type = this.#types[column]!
    if (type.kind === 'string') return this.#interners[column]!.count
    return type.kind === 'enum' ? type.values.length : type.kind === 'bool' ? 2 : NO_CODES
  }

  /** The code that a text has in a string column of the last decoded rows; -1 where none of them holds it. */
  codeOf(column: number, text: Uint8Array): number {
    return this.#interners[column]!.find(this.#index!.bytes, text)
  }

  /** The value behind a cell that is not NaN. */
  value(column: number, cell: number): string | number | boolean {
    const type = this.#types[column]!
    switch (type.kind) {
      case 'string': {
        const interner = this.#interners[column]!
        const start = interner.starts[cell]!
        return this.#index!.bytes.toString('utf8', start, start + interner.lengths[cell]!)
      }
      case 'enum':
        return type.values[cell]!
      case 'bool':
        return cell === 1
      case 'time':
        return new Date(cell).toISOString()
      default:
        return cell
    }
  }

  /**
   * Fills a mask with the rows that have all of some columns; null where the registry knows no row that lacks one. A row without a
   * column was written by somebody who does not know of it, and its full copy is yet to come: to whoever reads the column, the
   * event has not happened yet, which is not the same as that it has a null there.
   */
  whole(columns: readonly number[]): MaskFill | null {
    const numbers = columns.map((column) => this.#numbers[column]!)
    const lacking = new Set<number>()
    for (const { schema, slot } of this.#layouts.values()) {
      if (!numbers.every((number) => slot[number]! >= 0)) lacking.add(schema)
    }
    if (lacking.size === 0) return null
    return (mask, count) => {
      const { schema, view, offsets } = this.#index!
      if (schema !== 0) mask.fill(lacking.has(schema) ? 0 : 1, 0, count)
      else for (let i = 0; i < count; i++) mask[i] = lacking.has(view.getUint16(offsets[i]! + 4, true)) ? 0 : 1
    }
  }

  /** Where a schema has a column. A schema that lacks it has no bit and no slot. */
  #place(schema: number, number: number): { bit: number; slot: number } {
    const layout = this.#layouts.get(schema)
    if (layout === undefined) {
      throw new RowError('ROW_SCHEMA_UNKNOWN', `row schema ${schema} is not in the registry that was read`)
    }
    return { bit: layout.bit[number]!, slot: layout.slot[number]! }
  }

  /** Fills a column run by run of one schema; there are as many schemas as changes of the definitions, so nearly always one. */
  #fill(index: RowIndex, column: Float64Array, number: number, fillRun: FillRun, interner: Interner | null): void {
    let from = 0
    while (from < index.count) {
      let schema = index.schema
      let to = index.count
      if (schema === 0) {
        const schemaOf = (row: number) => index.view.getUint16(index.offsets[row]! + 4, true)
        schema = schemaOf(from)
        to = from + 1
        while (to < index.count && schemaOf(to) === schema) to++
      }
      const { bit, slot } = this.#place(schema, number)
      if (slot < 0) column.fill(Number.NaN, from, to)
      else fillRun(index, column, from, to, bit >> 3, 1 << (bit & 7), slot, interner)
      from = to
    }
  }
}

/** Fills rows `from` to `to`; `byte` and `mask` find the null flag, `slot` the value, from the body of each. */
type FillRun = (
  index: RowIndex,
  column: Float64Array,
  from: number,
  to: number,
  byte: number,
  mask: number,
  slot: number,
  interner: Interner | null,
) => void

const fillNumbers: FillRun = ({ view, bodies }, column, from, to, byte, mask, slot) => {
  for (let i = from; i < to; i++) {
    const body = bodies[i]!
    column[i] = (view.getUint8(body + byte) & mask) === 0 ? view.getFloat64(body + slot, true) : Number.NaN
  }
}

const fillBools: FillRun = ({ view, bodies }, column, from, to, byte, mask, slot) => {
  for (let i = from; i < to; i++) {
    const body = bodies[i]!
    column[i] = (view.getUint8(body + byte) & mask) === 0 ? view.getUint8(body + slot) : Number.NaN
  }
}

const fillCodes: FillRun = ({ view, bodies }, column, from, to, byte, mask, slot) => {
  for (let i = from; i < to; i++) {
    const body = bodies[i]!
    column[i] = (view.getUint8(body + byte) & mask) === 0 ? view.getUint16(body + slot, true) : Number.NaN
  }
}

const fillTexts: FillRun = ({ view, bytes, bodies, offsets }, column, from, to, byte, mask, slot, interner) => {
  for (let i = from; i < to; i++) {
    const body = bodies[i]!
    if ((view.getUint8(body + byte) & mask) === 0) {
      const at = body + slot
      column[i] = interner!.add(bytes, view, offsets[i]! + view.getUint16(at, true), view.getUint16(at + 2, true))
    } else column[i] = Number.NaN
  }
}

function fillerOf(type: ColumnType): FillRun {
  switch (type.kind) {
    case 'string':
      return fillTexts
    case 'enum':
      return fillCodes
    case 'bool':
      return fillBools
    default:
      return fillNumbers
  }
}
