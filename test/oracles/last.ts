import type { AggregateOracle } from './aggregate-oracle.ts'

export const lastOracle: AggregateOracle = {
  name: 'last',
  answer: ({ values, served }) => (values.length === 0 ? null : served(values.at(-1)!)),
}
