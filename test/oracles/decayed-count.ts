import type { AggregateOracle } from './aggregate-oracle.ts'
import { randomHalfLife, weight } from './decayed.ts'
import { roundedSum } from './exact-numbers.ts'

export const decayedCountOracle: AggregateOracle = {
  name: 'decayedCount',
  params: randomHalfLife,
  answer: ({ rows, at_ms, params }) => roundedSum(rows.map((row) => weight(row, at_ms, params.half_life_ms as number))),
}
