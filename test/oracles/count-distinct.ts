import type { AggregateOracle } from './aggregate-oracle.ts'

export const countDistinctOracle: AggregateOracle = {
  name: 'countDistinct',
  answer: ({ values }) => new Set(values).size,
}
