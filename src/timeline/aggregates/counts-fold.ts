import type { FoldInput } from '../aggregate.ts'
import type { Rows } from '../rows.ts'
import { compareValues } from '../value-order.ts'
import { ColumnFold } from './column-fold.ts'

/** Kinds whose cells are codes below a known bound. */
const CODED: ReadonlySet<string> = new Set(['string', 'enum', 'bool'])

interface Counted {
  readonly value: string | number | boolean
  readonly times: number
}

/** A fold that counts how often each value of a column occurs. */
export abstract class CountsFold extends ColumnFold {
  /** Number of values that are not null. */
  protected total = 0
  /** The different cells, and how often each occurs. */
  protected readonly cells: number[] = []
  protected readonly counts: number[] = []
  readonly #coded: boolean
  /** Place of a code in `cells`, plus one; 0 where it has none. */
  #placeOfCode = new Uint32Array(64)
  readonly #placeOfNumber = new Map<number, number>()

  constructor(input: FoldInput) {
    super(input)
    this.#coded = CODED.has(input.type?.kind ?? 'string')
  }

  reset(): void {
    if (this.#coded) for (const code of this.cells) this.#placeOfCode[code] = 0
    else this.#placeOfNumber.clear()
    this.total = 0
    this.cells.length = 0
    this.counts.length = 0
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    if (this.#coded) this.#holdCodes(rows.codes(this.column))
    for (let i = to - 1; i >= from; i--) {
      const cell = cells[i]!
      if (mask[i] !== 1 || Number.isNaN(cell)) continue
      this.total++
      const place = this.#coded ? this.#placeOfCode[cell]! : (this.#placeOfNumber.get(cell) ?? 0)
      if (place > 0) {
        this.counts[place - 1]!++
        continue
      }
      this.cells.push(cell)
      this.counts.push(1)
      if (this.#coded) this.#placeOfCode[cell] = this.cells.length
      else this.#placeOfNumber.set(cell, this.cells.length)
    }
  }

  /** The `k` values that occur most often, most often first, ties by value ascending. */
  protected mostFrequent(k: number, rows: Rows): (string | number | boolean)[] {
    // Only values that may be among them are decoded and compared: a text costs more than all its counting did.
    const needed = this.#timesOfPlace(k)
    const found: Counted[] = []
    for (let i = 0; i < this.cells.length; i++) {
      const times = this.counts[i]!
      if (times >= needed) found.push({ value: rows.decode(this.column, this.cells[i]!), times })
    }
    found.sort((a, b) => b.times - a.times || compareValues(a.value, b.value))
    return found.slice(0, k).map(({ value }) => value)
  }

  /** How often the value occurs that is the `k`th. */
  #timesOfPlace(k: number): number {
    if (this.counts.length <= k) return 1
    if (k === 1) {
      let most = 0
      for (const times of this.counts) if (times > most) most = times
      return most
    }
    return Float64Array.from(this.counts).sort()[this.counts.length - k]!
  }

  #holdCodes(codes: number): void {
    if (this.#placeOfCode.length >= codes) return
    const grown = new Uint32Array(codes * 2)
    grown.set(this.#placeOfCode)
    this.#placeOfCode = grown
  }
}
