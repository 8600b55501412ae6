import type { ColumnType } from './column-type.ts'
import { Interner } from './interner.ts'
import { FLAG_TOMBSTONE, FLAG_VERSION, HEADER_BYTES, RowError, type RowLayout, rowLayout } from './row-codec.ts'
import type { RowIndex } from './row-index.ts'
import { findColumn, type RowSchemas } from './row-schema.ts'

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
  readonly #interners: readonly (Interner | null)[]
  /** By schema number. */
  readonly #layouts: readonly (RowLayout | undefined)[]
  /** Of each wanted column: its number in the registry, or -1 where it was never written. */
  readonly #numbers: readonly number[]
  #index: RowIndex | null = null

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

  /** Where column `number` of the row at `offset` has its slot; -1 where it is null or absent. */
  #slot(index: RowIndex, offset: number, number: number): number {
    const layout = this.#layouts[index.view.getUint16(offset + 4, true)]
    if (layout === undefined) {
      throw new RowError(
        'ROW_SCHEMA_UNKNOWN',
        `row schema ${index.view.getUint16(offset + 4, true)} is not in the registry that was read`,
      )
    }
    // A column that came after this registry's columns were counted for the layout is simply absent.
    const slot = layout.slot[number]!
    if (slot < 0) return -1
    const flags = index.view.getUint8(offset + 3)
    if ((flags & FLAG_TOMBSTONE) !== 0) return -1
    const body = offset + ((flags & FLAG_VERSION) === 0 ? HEADER_BYTES : HEADER_BYTES + 8)
    const bit = layout.bit[number]!
    if ((index.view.getUint8(body + (bit >> 3)) & (1 << (bit & 7))) !== 0) return -1
    return body + slot
  }

  #numbersOf(index: RowIndex, column: Float64Array, number: number): void {
    for (let i = 0; i < index.count; i++) {
      const slot = this.#slot(index, index.offsets[i]!, number)
      column[i] = slot < 0 ? Number.NaN : index.view.getFloat64(slot, true)
    }
  }

  #bools(index: RowIndex, column: Float64Array, number: number): void {
    for (let i = 0; i < index.count; i++) {
      const slot = this.#slot(index, index.offsets[i]!, number)
      column[i] = slot < 0 ? Number.NaN : index.view.getUint8(slot)
    }
  }

  #codes(index: RowIndex, column: Float64Array, number: number): void {
    for (let i = 0; i < index.count; i++) {
      const slot = this.#slot(index, index.offsets[i]!, number)
      column[i] = slot < 0 ? Number.NaN : index.view.getUint16(slot, true)
    }
  }

  #texts(index: RowIndex, column: Float64Array, number: number, interner: Interner): void {
    interner.reset()
    for (let i = 0; i < index.count; i++) {
      const offset = index.offsets[i]!
      const slot = this.#slot(index, offset, number)
      if (slot < 0) column[i] = Number.NaN
      else {
        const start = offset + index.view.getUint16(slot, true)
        column[i] = interner.add(index.bytes, start, index.view.getUint16(slot + 2, true))
      }
    }
  }
}
