import { LEAST_EXPONENT, nearestQuotient, rootOfQuotient } from './exact-quotient.ts'
import { DoubleSum } from './exact-sum.ts'

/**
 * Factors in this range, and zero, are multiplied and added without error: their products have no bit below 2^-904, and neither
 * 2^31 products nor the product of two sums of as many factors come near the largest double.
 */
const FACTOR_MIN = 2 ** -400
const FACTOR_MAX = 2 ** 450

/** Parts a double into two halves of 26 bits. */
const SPLIT = 2 ** 27 + 1

const UNIT_BITS = BigInt(-LEAST_EXPONENT)

/** `q + q * NEXT` is the next double: S. M. Rump et al., "Computing predecessor and successor in rounding to nearest" (2009). */
const NEXT = 2 ** -53 * (1 + 2 ** -52)

/** Of half the gap between two doubles, what a difference that was rounded a few times must be below to be sure. */
const SURE = 1 - 2 ** -40

/**
 * Exact sum of numbers and of products of two (L3): nothing is rounded before it is read.
 *
 * Integers stay in one double while they are below 2^53. Other products are added as the two doubles that they are exactly: T. J.
 * Dekker, "A floating-point technique for extending the available precision" (1971), with G. W. Veltkamp's split. Where that
 * could over- or underflow, which takes a factor beyond 1e135 or below 1e-120, they are added as BigInt: slow, and as exact.
 */
export class ProductSum {
  #low = 0
  readonly #sum = new DoubleSum()
  /** In units of 2^-2148, the lowest bit that a product of doubles may have; null while all was in the range. */
  #rest: bigint | null = null

  reset(): void {
    this.#low = 0
    this.#sum.reset()
    this.#rest = null
  }

  /** Adds a finite double. */
  add(x: number): void {
    if (inRange(x)) this.#sum.add(x)
    else this.#rest = (this.#rest ?? 0n) + (unitsOf(x) << UNIT_BITS)
  }

  /** Adds the product of two finite doubles. */
  addProduct(a: number, b: number): void {
    if (inRange(a) && inRange(b)) this.#addExactly(a, b)
    else this.#rest = (this.#rest ?? 0n) + unitsOf(a) * unitsOf(b)
  }

  /** Adds the product of two safe integers. */
  addIntegers(a: number, b: number): void {
    const product = a * b
    const next = this.#low + product
    // A product below 2^53 was not rounded, and a sum that was is not below it.
    if (Math.abs(product) <= Number.MAX_SAFE_INTEGER && Math.abs(next) <= Number.MAX_SAFE_INTEGER) this.#low = next
    else this.#addExactly(a, b)
  }

  /** Adds `sum * factor`, for an integer below 2^31. */
  addScaled(sum: ProductSum, factor: number): void {
    if (sum.#rest !== null) this.#rest = (this.#rest ?? 0n) + sum.#rest * BigInt(factor)
    for (const part of sum.#parts()) this.#addExactly(part, factor)
  }

  /** Takes off `a * b`: two sums of numbers, or an integer and a sum of products. */
  subtractProduct(a: ProductSum, b: ProductSum): void {
    if (a.#rest !== null || b.#rest !== null) {
      this.#rest = (this.#rest ?? 0n) - ((a.#units() * b.#units()) >> (2n * UNIT_BITS))
      return
    }
    for (const part of a.#parts()) for (const other of b.#parts()) this.#addExactly(-part, other)
  }

  get isZero(): boolean {
    return this.#rest === null ? this.#total() === 0 : this.#units() === 0n
  }

  /** `this / bottom`, for a bottom above 0, rounded once, half to even. Beyond the largest double it is that one. */
  over(bottom: ProductSum): number {
    if (this.#rest === null && bottom.#rest === null) {
      const quotient = this.#easyQuotient(bottom)
      if (quotient !== null) return quotient
    }
    return nearestQuotient(this.#units(), bottom.#units())
  }

  /** `√(this / bottom)`, from a quotient rounded to 53 bits, even where that is past all doubles. */
  rootOver(bottom: ProductSum): number {
    if (this.#rest === null && bottom.#rest === null) return Math.sqrt(this.over(bottom))
    return rootOfQuotient(this.#units(), bottom.#units())
  }

  /** `this / √square` to 1e-15, for a square above 0. Beyond the largest double it is that one. */
  overRoot(square: ProductSum): number {
    if (this.#rest === null && square.#rest === null) return this.#total() / Math.sqrt(square.#total())
    const units = this.#units()
    const ratio = rootOfQuotient(units * units, square.#units() << (2n * UNIT_BITS))
    return units < 0n ? -ratio : ratio
  }

  /** A quotient is guessed, and mended by what it leaves, until that is surely less than half a unit in its last place. */
  #easyQuotient(bottom: ProductSum): number | null {
    const [dividend, divisor] = [this.#total(), bottom.#total()]
    if (dividend === 0) return 0
    let quotient = dividend / divisor
    // Beyond that bits of the products below might be lost; parts ascend.
    if (quotient === 0 || !inRange(quotient) || Math.abs(bottom.#sum.parts[0]!) < 1) return null
    if (this.#sum.parts.length === 1 && bottom.#sum.parts.length === 1) return quotient
    for (let step = 0; step < 2; step++) {
      left.reset()
      for (const part of this.#parts()) left.add(part)
      for (const part of bottom.#parts()) addExactProduct(left, -quotient, part)
      const error = left.value() / divisor
      if (error === 0) return quotient
      const next = Math.abs(quotient) * NEXT
      const gap = error > 0 ? quotient + next - quotient : quotient - (quotient - next)
      if (Math.abs(error) < (gap / 2) * SURE) return quotient
      quotient += error
    }
    return null
  }

  /** The sum, rounded once; of what is in the range. */
  #total(): number {
    this.#parts()
    return this.#sum.value()
  }

  /** Of what is in the range. */
  #parts(): readonly number[] {
    if (this.#low !== 0) {
      this.#sum.add(this.#low)
      this.#low = 0
    }
    return this.#sum.parts
  }

  /** The sum in units of 2^-2148. */
  #units(): bigint {
    let units = 0n
    for (const part of this.#parts()) units += unitsOf(part)
    return (units << UNIT_BITS) + (this.#rest ?? 0n)
  }

  #addExactly(a: number, b: number): void {
    addExactProduct(this.#sum, a, b)
  }
}

/** What a guessed quotient leaves of a dividend. */
const left = new DoubleSum()

function inRange(x: number): boolean {
  const size = Math.abs(x)
  return (size >= FACTOR_MIN && size <= FACTOR_MAX) || x === 0
}

/** Adds a product as itself, rounded, and the error of that. */
function addExactProduct(sum: DoubleSum, a: number, b: number): void {
  const product = a * b
  if (product === 0) return
  sum.add(product)
  const bigA = SPLIT * a
  const highA = bigA - (bigA - a)
  const lowA = a - highA
  const bigB = SPLIT * b
  const highB = bigB - (bigB - b)
  const lowB = b - highB
  const error = lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB)
  if (error !== 0) sum.add(error)
}

const float = new Float64Array(1)
const bits = new BigUint64Array(float.buffer)

/** A finite double in units of 2^-1074. */
function unitsOf(x: number): bigint {
  float[0] = Math.abs(x)
  const exponent = bits[0]! >> 52n
  const fraction = bits[0]! & 0xfffffffffffffn
  const units = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n)
  return x < 0 ? -units : units
}
