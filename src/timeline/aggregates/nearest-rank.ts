import { showValue } from '../shown-value.ts'

/** A percentile may have this many decimals. */
const DECIMALS = 6
const ONE = 10 ** DECIMALS

/**
 * The rank, 1 to `count`, of the `p`th percentile: `ceil(p / 100 * count)`, in whole numbers. Exact below 90 million rows, which are
 * more than a store holds of one key.
 */
export function nearestRank(p: number, count: number): number {
  const whole = 100 * ONE
  const product = Math.round(p * ONE) * count
  const rest = product % whole
  return (product - rest) / whole + (rest === 0 ? 0 : 1)
}

/** What is wrong with a percentile; null where nothing is. */
export function refusePercentile(p: unknown): { readonly message: string; readonly cure: string } | null {
  const right = typeof p === 'number' && p > 0 && p <= 100 && Math.round(p * ONE) / ONE === p
  return right
    ? null
    : {
        message: `the percentile ${showValue(p)}`,
        cure: `use a number above 0 and up to 100, with at most ${DECIMALS} decimals`,
      }
}
