import type { AggregateOracle } from './aggregate-oracle.ts'

export const minOracle: AggregateOracle = {
  name: 'min',
  answer: ({ values }) => (values.length === 0 ? null : Math.min(...(values as number[]))),
}
