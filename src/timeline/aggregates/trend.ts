import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { ProductSum } from '../exact-product-sum.ts'
import type { Rows } from '../rows.ts'
import { ColumnFold } from './column-fold.ts'

const DAY_MS = 86_400_000

class Trend extends ColumnFold {
  #count = 0
  readonly #integers: boolean
  // Of times in milliseconds before the instant asked for: the slope is the same from any origin, and these are small.
  readonly #times: ProductSum
  readonly #squares: ProductSum
  readonly #values: ProductSum
  readonly #products: ProductSum
  /** Memory of {@link value}. */
  readonly #top: ProductSum
  readonly #daily: ProductSum
  readonly #bottom: ProductSum

  constructor(input: FoldInput) {
    super(input)
    this.#integers = input.type?.kind !== 'double'
    this.#times = new ProductSum()
    this.#squares = new ProductSum()
    this.#values = new ProductSum()
    this.#products = new ProductSum()
    this.#top = new ProductSum()
    this.#daily = new ProductSum()
    this.#bottom = new ProductSum()
  }

  reset(): void {
    this.#count = 0
    this.#times.reset()
    this.#squares.reset()
    this.#values.reset()
    this.#products.reset()
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    for (let i = to - 1; i >= from; i--) {
      const x = cells[i]!
      if (mask[i] !== 1 || Number.isNaN(x)) continue
      const time = rows.times[i]! - rows.at_ms
      this.#count++
      this.#times.addIntegers(time, 1)
      this.#squares.addIntegers(time, time)
      if (this.#integers) {
        this.#values.addIntegers(x, 1)
        this.#products.addIntegers(x, time)
      } else {
        this.#values.add(x)
        this.#products.addProduct(x, time)
      }
    }
  }

  value(): number | null {
    const bottom = this.#bottom
    bottom.reset()
    bottom.addScaled(this.#squares, this.#count)
    bottom.subtractProduct(this.#times, this.#times)
    // n Σt² - (Σt)² is 0 for equal times alone.
    if (bottom.isZero) return null
    const top = this.#top
    top.reset()
    top.addScaled(this.#products, this.#count)
    top.subtractProduct(this.#times, this.#values)
    const daily = this.#daily
    daily.reset()
    daily.addScaled(top, DAY_MS)
    return daily.over(bottom)
  }
}

export const trendAggregate: AggregateDefinition = {
  name: 'trend',
  doc:
    'How fast the column rises: the slope of the straight line of least squares through its values over time, in units of the column ' +
    'per day (money: minor units per day). From exact sums, rounded once. Null is skipped. Null with fewer than two different times.',
  formula: '86400000 (n Σ t x - Σ t Σ x) / (n Σ t² - (Σ t)²), with t the time in ms',
  example: 'trend(payments.amount)',
  empty: null,
  cost: 'O(n); no memory. Values beyond 1e135 or, other than 0, below 1e-120 take some microseconds each',
  reference: 'SQL:2016, regr_slope(x, t); products of doubles by T. J. Dekker (1971)',
  takes: ['int', 'money', 'double'],
  unit: 'per day',
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Trend(input),
}

/**
 * Slope of a number column over time by least squares, in units of the column per day (money: minor units per day): 100 where spending
 * rises by 1.00 from day to day. Null is skipped. With fewer than two different times: null.
 */
export function trend<C extends Column>(column: Numeric<'trend', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'trend', column: column as Column })
}
