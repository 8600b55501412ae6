import fc from 'fast-check'
import type { AggregateOracle } from './aggregate-oracle.ts'
import { percentileOf, randomPercentile } from './ranked.ts'

export const percentilesOracle: AggregateOracle = {
  name: 'percentiles',
  params: fc.array(randomPercentile, { minLength: 1, maxLength: 3 }).map((p) => ({ p })),
  answer: ({ values, params }) =>
    values.length === 0 ? [] : (params.p as readonly number[]).map((p) => percentileOf(values as number[], p)),
}
