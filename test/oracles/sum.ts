import type { AggregateOracle } from './aggregate-oracle.ts'
import { roundedSum, small } from './exact-numbers.ts'

export const sumOracle: AggregateOracle = {
  name: 'sum',
  answer: ({ values, isDouble }) => {
    const numbers = values as number[]
    return isDouble ? roundedSum(numbers) : small(numbers.reduce((sum, x) => sum + BigInt(x), 0n))
  },
}
