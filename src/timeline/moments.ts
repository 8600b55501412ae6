import type { ColumnType } from './column-type.ts'
import { ProductSum } from './exact-product-sum.ts'

/**
 * Exact number, sum and sum of squares of the values of a column (L3), from which variance, deviation and score are rounded once:
 * they depend on the set of values, never on their order or on how they were split.
 */
export class Moments {
  count = 0
  readonly #integers: boolean
  readonly #sum = new ProductSum()
  readonly #squares = new ProductSum()
  /** Memory of {@link #squaredSpread} and of what it is divided by. */
  readonly #top = new ProductSum()
  readonly #bottom = new ProductSum()

  constructor(type: ColumnType | null) {
    this.#integers = type?.kind !== 'double'
  }

  reset(): void {
    this.count = 0
    this.#sum.reset()
    this.#squares.reset()
  }

  /** Adds the values of rows `from` to `to` that are not NaN and whose mask is 1. */
  addRows(values: Float64Array, mask: Uint8Array, from: number, to: number): void {
    const sum = this.#sum
    const squares = this.#squares
    for (let i = to - 1; i >= from; i--) {
      const x = values[i]!
      if (mask[i] !== 1 || Number.isNaN(x)) continue
      this.count++
      if (this.#integers) {
        sum.addIntegers(x, 1)
        squares.addIntegers(x, x)
      } else {
        sum.add(x)
        squares.addProduct(x, x)
      }
    }
  }

  /** Population variance, rounded once; null over nothing. */
  variance(): number | null {
    return this.count === 0 ? null : this.#squaredSpread().over(this.#squaredCount())
  }

  /** Population standard deviation; null over nothing. */
  deviation(): number | null {
    return this.count === 0 ? null : this.#squaredSpread().rootOver(this.#squaredCount())
  }

  /** How many deviations `x` is above the mean; null over nothing, and where all values are equal. */
  score(x: number): number | null {
    if (this.count === 0) return null
    const spread = this.#squaredSpread()
    if (spread.isZero) return null
    // (x - Σx / n) / (√(n Σx² - (Σx)²) / n)
    const distance = this.#bottom
    distance.reset()
    distance.addProduct(x, this.count)
    distance.addScaled(this.#sum, -1)
    return distance.overRoot(spread)
  }

  /** n Σx² - (Σx)². */
  #squaredSpread(): ProductSum {
    const top = this.#top
    top.reset()
    top.addScaled(this.#squares, this.count)
    top.subtractProduct(this.#sum, this.#sum)
    return top
  }

  #squaredCount(): ProductSum {
    this.#bottom.reset()
    this.#bottom.addIntegers(this.count, this.count)
    return this.#bottom
  }
}
