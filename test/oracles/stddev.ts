import type { AggregateOracle } from './aggregate-oracle.ts'
import { root, spread } from './moments.ts'

export const stddevOracle: AggregateOracle = {
  name: 'stddev',
  answer: ({ values }) => (values.length === 0 ? null : root(spread(values as number[]))),
}
