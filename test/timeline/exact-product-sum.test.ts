import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProductSum } from '../../src/timeline/exact-product-sum.ts'
import { nearestQuotient, rootOfQuotient } from '../../src/timeline/exact-quotient.ts'
import { fraction, nearestDouble } from '../oracles/exact-numbers.ts'

type Fraction = readonly [top: bigint, bottom: bigint]

const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d]
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]
const sumOf = (terms: readonly Fraction[]) => terms.reduce(plus, [0n, 1n])

/** In the range where products need no BigInt, its edges among them; many that cancel. */
const plain = fc.oneof(
  fc.constantFrom(0, 0.1, -0.1, 1, 3, 2 ** -400, -(2 ** 450), 1 + 2 ** -52),
  fc.integer({ min: -9, max: 9 }),
  fc.maxSafeInteger(),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((x) => (Math.abs(x) < 1e-9 ? 0 : x)),
)
const anySize = fc.oneof(
  plain,
  fc.constantFrom(5e-324, 1e290, -1e290, 2 ** -401, -(2 ** 451)),
  fc.double({ min: -1e290, max: 1e290, noNaN: true }).map((x) => x + 0),
)

const scenario = fc.constantFrom(plain, anySize).chain((double) =>
  fc.record({
    products: fc.array(fc.tuple(double, double), { minLength: 1, maxLength: 6 }),
    values: fc.array(double, { minLength: 1, maxLength: 6 }),
  }),
)

describe('a sum of products', () => {
  it('over a sum of squares is the nearest double of the exact quotient, whatever the order', () => {
    fc.assert(
      fc.property(scenario, ({ products, values }) => {
        const [top, backwards, bottom] = [new ProductSum(), new ProductSum(), new ProductSum()]
        for (const [a, b] of products) top.addProduct(a, b)
        for (const [a, b] of products.toReversed()) backwards.addProduct(b, a)
        for (const x of values) bottom.addProduct(x, x)
        const [p, q] = sumOf(products.map(([a, b]) => times(fraction(a), fraction(b))))
        const [r, s] = sumOf(values.map((x) => times(fraction(x), fraction(x))))
        if (r === 0n) {
          expect(bottom.isZero).toBe(true)
          return
        }
        expect(bottom.isZero).toBe(false)
        expect(top.over(bottom)).toBe(nearestDouble(p * s, q * r))
        expect(backwards.over(bottom)).toBe(top.over(bottom))
      }),
      { numRuns: 1_500, seed: 11 },
    )
  })

  it('of integers and of doubles that are integers is one and the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.maxSafeInteger(), fc.integer()), { maxLength: 8 }), (products) => {
        const [integers, doubles, one] = [new ProductSum(), new ProductSum(), new ProductSum()]
        for (const [a, b] of products) integers.addIntegers(a, b)
        for (const [a, b] of products) doubles.addProduct(a, b)
        one.add(1)
        const exact = products.reduce((sum, [a, b]) => sum + BigInt(a) * BigInt(b), 0n)
        expect([integers.over(one), doubles.over(one)]).toEqual([Number(exact), Number(exact)])
      }),
      { numRuns: 1_000, seed: 12 },
    )
  })

  it('less a product of sums, times a number, keeps every bit', () => {
    fc.assert(
      fc.property(scenario, fc.nat({ max: 2 ** 31 - 1 }), ({ values }, factor) => {
        const [sum, squares, total, one] = [new ProductSum(), new ProductSum(), new ProductSum(), new ProductSum()]
        for (const x of values) sum.add(x)
        for (const x of values) squares.addProduct(x, x)
        one.add(1)
        total.addScaled(squares, factor)
        total.subtractProduct(sum, sum)
        const exact = sumOf(values.map(fraction))
        const [p, q] = plus(
          times([BigInt(factor), 1n], sumOf(values.map((x) => times(fraction(x), fraction(x))))),
          times([-1n, 1n], times(exact, exact)),
        )
        expect(total.over(one)).toBe(nearestDouble(p, q))
        expect(total.isZero).toBe(p === 0n)
      }),
      { numRuns: 1_000, seed: 13 },
    )
  })

  it('has a root where the quotient itself is past all doubles', () => {
    const [top, bottom, value] = [new ProductSum(), new ProductSum(), new ProductSum()]
    top.addProduct(1e290, 1e290)
    bottom.addIntegers(2, 2)
    value.add(-1e290)
    expect(top.over(bottom)).toBe(Number.MAX_VALUE)
    expect(top.rootOver(bottom)).toBe(5e289)
    expect(value.overRoot(top)).toBe(-1)
    top.reset()
    top.addProduct(5e-324, 5e-324)
    expect(top.over(bottom)).toBe(0)
    bottom.reset()
    bottom.add(1)
    expect(top.rootOver(bottom)).toBe(5e-324)
    expect(value.overRoot(top)).toBe(-Number.MAX_VALUE)
  })
})

describe('a quotient of big integers', () => {
  it.each([
    ['nothing', 0n, 7n, 0],
    ['a half', 1n, 2n, 0.5],
    ['less than nothing', -1n, 3n, -1 / 3],
    ['a tie, down to even', 2n ** 53n + 1n, 1n, 2 ** 53],
    ['a tie, up to even', 2n ** 53n + 3n, 1n, 2 ** 53 + 4],
    ['up to the next power of two', 2n ** 54n - 1n, 1n, 2 ** 54],
    ['just above half of the least double', 2n ** 60n + 1n, 2n ** 1135n, 5e-324],
    ['half of the least double', 1n, 2n ** 1075n, 0],
    ['half of it below nothing', -1n, 2n ** 1075n, 0],
    ['one and a half of it', 3n, 2n ** 1075n, 1e-323],
    ['past the largest double', 2n ** 1024n, 1n, Number.MAX_VALUE],
    ['far past it', -(2n ** 3000n), 1n, -Number.MAX_VALUE],
    ['up to past it', 2n ** 1024n - 1n, 1n, Number.MAX_VALUE],
    ['the largest', 2n ** 1024n - 2n ** 971n, 1n, Number.MAX_VALUE],
  ])('%s', (_, top, bottom, wanted) => {
    expect(nearestQuotient(top, bottom)).toBe(wanted)
  })

  it.each([
    ['of nothing', 0n, 1n, 0],
    ['of two', 2n, 1n, Math.SQRT2],
    ['of an odd power of two', 8n, 1n, Math.sqrt(8)],
    ['that is the least double', 1n, 2n ** 2148n, 5e-324],
    ['of what is past all doubles', 2n ** 1400n, 1n, 2 ** 700],
    ['that is past them itself', 2n ** 2050n, 1n, Number.MAX_VALUE],
  ])('has a root: %s', (_, top, bottom, wanted) => {
    expect(rootOfQuotient(top, bottom)).toBe(wanted)
  })
})
