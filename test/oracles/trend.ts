import type { AggregateOracle } from './aggregate-oracle.ts'
import { nearestDouble } from './exact-numbers.ts'
import { overCommon } from './moments.ts'

export const trendOracle: AggregateOracle = {
  name: 'trend',
  answer: ({ rows, values, has }) => {
    const times = rows.filter(has).map((row) => BigInt(row.time_ms))
    if (new Set(times).size < 2) return null
    const { tops, bottom } = overCommon(values as number[])
    const n = BigInt(times.length)
    const total = (numbers: readonly bigint[]) => numbers.reduce((sum, x) => sum + x, 0n)
    // Distances from the means, times n.
    const early = times.map((t) => n * t - total(times))
    const high = tops.map((x) => n * x - total(tops))
    const together = total(early.map((t, i) => t * high[i]!))
    return nearestDouble(together * 86_400_000n, total(early.map((t) => t * t)) * bottom)
  },
}
