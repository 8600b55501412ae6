import type { AggregateOracle } from './aggregate-oracle.ts'
import { fraction, nearestDouble } from './exact-numbers.ts'

export const medianOracle: AggregateOracle = {
  name: 'median',
  answer: ({ values }) => {
    const sorted = [...(values as number[])].sort((a, b) => a - b)
    if (sorted.length === 0) return null
    const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1]!, sorted[Math.floor(sorted.length / 2)]!]
    const [[a, b], [c, d]] = [fraction(low), fraction(high)]
    return nearestDouble(a * d + c * b, b * d * 2n)
  },
}
