import type { AggregateOracle } from './aggregate-oracle.ts'
import { percentileOf, randomPercentile } from './ranked.ts'

export const percentileOracle: AggregateOracle = {
  name: 'percentile',
  params: randomPercentile.map((p) => ({ p })),
  answer: ({ values, params }) => (values.length === 0 ? null : percentileOf(values as number[], params.p as number)),
}
