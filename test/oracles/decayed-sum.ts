import type { AggregateOracle } from './aggregate-oracle.ts'
import { randomHalfLife, weight } from './decayed.ts'
import { roundedSum } from './exact-numbers.ts'

export const decayedSumOracle: AggregateOracle = {
  name: 'decayedSum',
  params: randomHalfLife,
  answer: ({ rows, values, has, at_ms, params }) => {
    const weights = rows.filter(has).map((row) => weight(row, at_ms, params.half_life_ms as number))
    return roundedSum(weights.map((share, i) => share * (values[i] as number)))
  },
}
