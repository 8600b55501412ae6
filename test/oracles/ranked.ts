import fc from 'fast-check'

/** Percentiles, with decimals where a rank in floating point would be one too high: 0.7 / 100 * 1000 is more than 7. */
export const randomPercentile = fc.oneof(
  fc.constantFrom(50, 95, 99.9, 100, 0.7, 0.000001, 99.999999, 33.333333),
  fc.integer({ min: 1, max: 1000 }).map((n) => n / 10),
)

/** The lowest value that at least `p` percent of all do not exceed: there is at least one value. */
export function percentileOf(values: readonly number[], p: number): number {
  const millionths = BigInt(Math.round(p * 1e6))
  const enough = (x: number) =>
    BigInt(values.filter((y) => y <= x).length) * 100_000_000n >= millionths * BigInt(values.length)
  return Math.min(...values.filter(enough))
}
