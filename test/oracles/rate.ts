import type { AggregateOracle } from './aggregate-oracle.ts'

export const rateOracle: AggregateOracle = {
  name: 'rate',
  answer: ({ rows, of }) => (rows.length === 0 ? null : rows.filter(of).length / rows.length),
}
