import type { AggregateOracle } from './aggregate-oracle.ts'
import { nearestDouble, roundedSum } from './exact-numbers.ts'

export const avgOracle: AggregateOracle = {
  name: 'avg',
  answer: ({ values, isDouble }) => {
    const numbers = values as number[]
    if (numbers.length === 0) return null
    if (isDouble) return roundedSum(numbers) / numbers.length
    const sum = numbers.reduce((total, x) => total + BigInt(x), 0n)
    return nearestDouble(sum, BigInt(numbers.length))
  },
}
