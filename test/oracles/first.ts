import type { AggregateOracle } from './aggregate-oracle.ts'

export const firstOracle: AggregateOracle = {
  name: 'first',
  answer: ({ values, served }) => (values.length === 0 ? null : served(values[0]!)),
}
