import { fraction, nearestDouble } from './exact-numbers.ts'

type Fraction = readonly [top: bigint, bottom: bigint]

/** Doubles as whole numbers over one denominator, the largest of theirs: each is a power of two. */
export function overCommon(numbers: readonly number[]): { tops: bigint[]; bottom: bigint } {
  const fractions = numbers.map(fraction)
  let bottom = 1n
  for (const [, of] of fractions) if (of > bottom) bottom = of
  return { tops: fractions.map(([top, of]) => top * (bottom / of)), bottom }
}

const total = (numbers: readonly bigint[]) => numbers.reduce((sum, x) => sum + x, 0n)

/** The exact mean of numbers: there is at least one. */
export function mean(numbers: readonly number[]): Fraction {
  const { tops, bottom } = overCommon(numbers)
  return [total(tops), bottom * BigInt(numbers.length)]
}

/** The exact mean of the squared distances from the mean. */
export function spread(numbers: readonly number[]): Fraction {
  const { tops, bottom } = overCommon(numbers)
  const n = BigInt(numbers.length)
  const sum = total(tops)
  const squares = tops.map((x) => (n * x - sum) ** 2n)
  return [total(squares), n * (n * bottom) ** 2n]
}

/** The root of the double nearest to a fraction: divided by a power of four for so long, as it may be beyond all doubles. */
export function root([top, bottom]: Fraction): number {
  let [t, b, scale] = [top, bottom, 1]
  if (t === 0n) return 0
  while (t > b << 1000n) [b, scale] = [b << 1000n, scale * 2 ** 500]
  while (b > t << 1000n) [t, scale] = [t << 1000n, scale * 2 ** -500]
  return Math.sqrt(nearestDouble(t, b)) * scale
}
