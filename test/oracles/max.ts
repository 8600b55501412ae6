import type { AggregateOracle } from './aggregate-oracle.ts'

export const maxOracle: AggregateOracle = {
  name: 'max',
  answer: ({ values }) => (values.length === 0 ? null : Math.max(...(values as number[]))),
}
