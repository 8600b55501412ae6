import type { AggregateOracle } from './aggregate-oracle.ts'
import { fraction } from './exact-numbers.ts'
import { mean, root, spread } from './moments.ts'

export const zScoreOracle: AggregateOracle = {
  name: 'zScore',
  answer: ({ values, current }) => {
    const numbers = values as number[]
    if (current === null || new Set(numbers).size < 2) return null
    const [x, one] = fraction(current as number)
    const [top, bottom] = mean(numbers)
    const [variance, unit] = spread(numbers)
    const distance = x * bottom - top * one
    const score = root([distance * distance * unit, one * one * bottom * bottom * variance])
    return Math.min(score, Number.MAX_VALUE) * (distance < 0n ? -1 : 1)
  },
  tolerance: 1e-12,
}
