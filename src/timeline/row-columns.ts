import type { ColumnType } from './column-type.ts'
import { Interner } from './interner.ts'
import { RowError, type RowLayout, rowLayout } from './row-codec.ts'
import type { RowIndex } from './row-index.ts'
import { findColumn, type RowSchemas } from './row-schema.ts'

/** A column as a reader wants it. */
export interface WantedColumn {
  readonly name: string
  readonly type: ColumnType
}

const NO_CODES = 0

/** No slot: where a row begins there is its header. */
const NONE = 0

/**
 * Turns the rows that a {@link RowIndex} found into columns of numbers: see `Rows.columns` for what they hold. Knows every
 * schema of the timeline; a row that lacks a column has null there.
 */
export class RowColumns {
  readonly columns: Float64Array[]
  readonly #types: readonly ColumnType[]
  readonly #interners: readonly (Interner | null)[]
  /** By schema number. */
  readonly #layouts: readonly (RowLayout | undefined)[]
  /** Of each wanted column: its number in the registry, or -1 where it was never written. */
  readonly #numbers: readonly number[]
  #index: RowIndex | null = null
  #slots = new Uint32Array(64)

  constructor(wanted: readonly WantedColumn[], schemas: RowSchemas) {
    const layouts: (RowLayout | undefined)[] = []
    for (const schema of schemas.schemas) layouts[schema.number] = rowLayout(schema, schemas)
    this.#layouts = layouts
    this.#numbers = wanted.map(({ name, type }) => findColumn(schemas, name, type))
    // The registry's enum has every value that was ever written, in the order of their codes.
    this.#types = wanted.map(({ type }, i) => schemas.columns[this.#numbers[i]!]?.type ?? type)
    this.#interners = wanted.map(({ type }) => (type.kind === 'string' ? new Interner() : null))
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
      switch (this.#types[c]!.kind) {
        case 'string':
          this.#texts(index, column, number, this.#interners[c]!)
          break
        case 'enum':
          this.#codes(index, column, number)
          break
        case 'bool':
          this.#bools(index, column, number)
          break
        default:
          this.#numbersOf(index, column, number)
      }
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

  /** Where a schema has a column. A schema that lacks it has no bit and no slot. */
  #place(schema: number, number: number): { bit: number; slot: number } {
    const layout = this.#layouts[schema]
    if (layout === undefined) {
      throw new RowError('ROW_SCHEMA_UNKNOWN', `row schema ${schema} is not in the registry that was read`)
    }
    return { bit: layout.bit[number]!, slot: layout.slot[number]! }
  }

  /** Finds the slot of a column in each row: {@link NONE} where the row has null or lacks the column. */
  #locate(index: RowIndex, number: number): Uint32Array {
    if (this.#slots.length < index.count) this.#slots = new Uint32Array(index.bodies.length)
    const slots = this.#slots
    if (index.schema !== 0) this.#locateIn(index, number, slots, 0, index.count, index.schema)
    else {
      // Runs of rows of one schema: there are as many schemas as changes of the definitions.
      const schemaOf = (row: number) => index.view.getUint16(index.offsets[row]! + 4, true)
      for (let from = 0; from < index.count; ) {
        const schema = schemaOf(from)
        let to = from + 1
        while (to < index.count && schemaOf(to) === schema) to++
        this.#locateIn(index, number, slots, from, to, schema)
        from = to
      }
    }
    return slots
  }

  #locateIn(index: RowIndex, number: number, slots: Uint32Array, from: number, to: number, schema: number): void {
    const { view, bodies } = index
    const { bit, slot } = this.#place(schema, number)
    if (slot < 0) {
      slots.fill(NONE, from, to)
      return
    }
    const byte = bit >> 3
    const mask = 1 << (bit & 7)
    for (let i = from; i < to; i++) {
      const body = bodies[i]!
      slots[i] = (view.getUint8(body + byte) & mask) === 0 ? body + slot : NONE
    }
  }

  #numbersOf(index: RowIndex, column: Float64Array, number: number): void {
    const slots = this.#locate(index, number)
    const { view, count } = index
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      column[i] = slot === NONE ? Number.NaN : view.getFloat64(slot, true)
    }
  }

  #bools(index: RowIndex, column: Float64Array, number: number): void {
    const slots = this.#locate(index, number)
    const { view, count } = index
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      column[i] = slot === NONE ? Number.NaN : view.getUint8(slot)
    }
  }

  #codes(index: RowIndex, column: Float64Array, number: number): void {
    const slots = this.#locate(index, number)
    const { view, count } = index
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      column[i] = slot === NONE ? Number.NaN : view.getUint16(slot, true)
    }
  }

  #texts(index: RowIndex, column: Float64Array, number: number, interner: Interner): void {
    interner.reset()
    const slots = this.#locate(index, number)
    const { view, offsets, bytes, count } = index
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (slot === NONE) column[i] = Number.NaN
      else
        column[i] = interner.add(bytes, view, offsets[i]! + view.getUint16(slot, true), view.getUint16(slot + 2, true))
    }
  }
}
