import type { FoldInput } from '../aggregate.ts'
import type { Rows } from '../rows.ts'
import { compareValues } from '../value-order.ts'
import { ColumnFold } from './column-fold.ts'

/** Kinds whose cells are codes below a known bound. */
const CODED: ReadonlySet<string> = new Set(['string', 'enum', 'bool'])

/** Kinds whose cells are not in the order of their values. */
const UNORDERED: ReadonlySet<string> = new Set(['string', 'enum'])

/** Of so few of the most frequent, each value is compared with those found before; more are sorted. */
const INSERTION_MAX = 16

/** A fold that counts how often each value of a column occurs. */
export abstract class CountsFold extends ColumnFold {
  /** Number of values that are not null. */
  protected total = 0
  /** The different cells, and how often each occurs. */
  protected readonly cells: number[] = []
  protected readonly counts: number[] = []
  /** Their values, as far as they had to be known. */
  readonly #values: (string | number | boolean | undefined)[] = []
  readonly #coded: boolean
  readonly #unordered: boolean
  /** Place of a code in `cells`, plus one; 0 where it has none. */
  #placeOfCode = new Uint32Array(64)
  readonly #placeOfNumber = new Map<number, number>()

  constructor(input: FoldInput) {
    super(input)
    const kind = input.type?.kind ?? 'string'
    this.#coded = CODED.has(kind)
    this.#unordered = UNORDERED.has(kind)
  }

  reset(): void {
    if (this.#coded) for (const code of this.cells) this.#placeOfCode[code] = 0
    else this.#placeOfNumber.clear()
    this.total = 0
    this.cells.length = 0
    this.counts.length = 0
    this.#values.length = 0
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
    // Only places that may be among them are compared: to decode a text costs more than all its counting did.
    const needed = this.#timesOfPlace(k)
    const { counts } = this
    const best: number[] = []
    for (let place = 0; place < counts.length; place++) {
      if (counts[place]! < needed) continue
      if (k > INSERTION_MAX) best.push(place)
      else this.#insert(best, place, k, rows)
    }
    if (k > INSERTION_MAX) best.sort((a, b) => this.#compare(a, b, rows))
    return best.slice(0, k).map((place) => this.#value(place, rows))
  }

  /** Puts a place where it belongs among the best `k`. */
  #insert(best: number[], place: number, k: number, rows: Rows): void {
    let at = best.length
    while (at > 0 && this.#compare(place, best[at - 1]!, rows) < 0) at--
    if (at === k) return
    if (best.length === k) best.pop()
    best.splice(at, 0, place)
  }

  /** Which of two places comes first. */
  #compare(a: number, b: number, rows: Rows): number {
    const byTimes = this.counts[b]! - this.counts[a]!
    if (byTimes !== 0) return byTimes
    if (!this.#unordered) return this.cells[a]! - this.cells[b]!
    return compareValues(this.#value(a, rows), this.#value(b, rows))
  }

  #value(place: number, rows: Rows): string | number | boolean {
    const value = this.#values[place] ?? rows.decode(this.column, this.cells[place]!)
    this.#values[place] = value
    return value
  }

  /** How often the value occurs that is the `k`th. */
  #timesOfPlace(k: number): number {
    const { counts } = this
    if (counts.length <= k) return 1
    if (k > 1) return Float64Array.from(counts).sort()[counts.length - k]!
    let most = 0
    for (const times of counts) if (times > most) most = times
    return most
  }

  #holdCodes(codes: number): void {
    if (this.#placeOfCode.length >= codes) return
    const grown = new Uint32Array(codes * 2)
    grown.set(this.#placeOfCode)
    this.#placeOfCode = grown
  }
}
