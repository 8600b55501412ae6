import type { ColumnType } from './column-type.ts'
import { nearestQuotient } from './exact-quotient.ts'

/**
 * Exact sum of safe integers (L3). Runs in a double while the sum stays below 2^53 and spills into a BigInt when the
 * next step would leave that range, so nothing is ever rounded.
 */
export class IntegerSum {
  #low = 0
  #high: bigint | null = null

  reset(): void {
    this.#low = 0
    this.#high = null
  }

  /** Adds a safe integer. */
  add(value: number): void {
    const next = this.#low + value
    // Both are safe integers, so `next` is below 2^54 and rounding keeps it on the same side of the limit.
    if (next > Number.MAX_SAFE_INTEGER || next < Number.MIN_SAFE_INTEGER) {
      this.#high = (this.#high ?? 0n) + BigInt(this.#low)
      this.#low = value
    } else this.#low = next
  }

  /** Adds the values of rows `from` to `to` that are not NaN and whose mask is 1; answers how many. */
  addRows(values: Float64Array, mask: Uint8Array, from: number, to: number): number {
    let count = 0
    let low = this.#low
    for (let i = to - 1; i >= from; i--) {
      const value = values[i]!
      if (mask[i] !== 1 || Number.isNaN(value)) continue
      count++
      const next = low + value
      if (next > Number.MAX_SAFE_INTEGER || next < Number.MIN_SAFE_INTEGER) {
        this.#low = low
        this.add(value)
        low = this.#low
      } else low = next
    }
    this.#low = low
    return count
  }

  /** The sum: a bigint only where a double cannot hold it. */
  value(): number | bigint {
    if (this.#high === null) return this.#low
    const sum = this.#high + BigInt(this.#low)
    return sum >= BigInt(Number.MIN_SAFE_INTEGER) && sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum
  }
}

/**
 * Exact sum of finite doubles, rounded once when it is read (L3).
 *
 * Keeps the sum as non-overlapping partials whose exact total is the sum of all that was added, and rounds half to even
 * over all of them at the end: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric
 * Predicates" (1997), the method of Python's `math.fsum`.
 */
export class DoubleSum {
  #partials: number[] = []

  /** Doubles whose exact sum is the sum, as long as nothing is added. */
  get parts(): readonly number[] {
    return this.#partials
  }

  reset(): void {
    this.#partials.length = 0
  }

  add(value: number): void {
    const partials = this.#partials
    let x = value
    let kept = 0
    for (let j = 0; j < partials.length; j++) {
      let y = partials[j]!
      if (Math.abs(x) < Math.abs(y)) {
        const swap = x
        x = y
        y = swap
      }
      const high = x + y
      const low = y - (high - x)
      if (low !== 0) partials[kept++] = low
      x = high
    }
    partials.length = kept
    partials.push(x)
  }

  /** As for integers. */
  addRows(values: Float64Array, mask: Uint8Array, from: number, to: number): number {
    let count = 0
    for (let i = to - 1; i >= from; i--) {
      const value = values[i]!
      if (mask[i] !== 1 || Number.isNaN(value)) continue
      count++
      this.add(value)
    }
    return count
  }

  /** The exact sum, correctly rounded to a double; never -0. */
  value(): number {
    const partials = this.#partials
    let n = partials.length
    if (n === 0) return 0
    let high = partials[--n]!
    let low = 0
    while (n > 0) {
      const x = high
      const y = partials[--n]!
      high = x + y
      low = y - (high - x)
      if (low !== 0) break
    }
    // The remainder is exactly half a unit in the last place only if the next partial points the same way.
    if (n > 0 && ((low < 0 && partials[n - 1]! < 0) || (low > 0 && partials[n - 1]! > 0))) {
      const twice = low * 2
      const rounded = high + twice
      if (twice === rounded - high) high = rounded
    }
    return high === 0 ? 0 : high
  }
}

/** The exact sum of a column of numbers. */
export function exactSum(type: ColumnType | null): IntegerSum | DoubleSum {
  return type?.kind === 'double' ? new DoubleSum() : new IntegerSum()
}

/**
 * `a / b` for an exact integer `a` and a positive count `b`, correctly rounded to a double (half to even): the average
 * of integers depends on nothing but their exact sum and number.
 */
export function exactQuotient(a: number | bigint, b: number): number {
  return typeof a === 'number' ? a / b : nearestQuotient(a, BigInt(b))
}
