import type { AggregateOracle } from './aggregate-oracle.ts'

export const countOracle: AggregateOracle = {
  name: 'count',
  answer: ({ rows }) => rows.length,
}
