import type { AggregateOracle } from './aggregate-oracle.ts'

export const isNewOracle: AggregateOracle = {
  name: 'isNew',
  answer: ({ values, current }) => (current === null ? null : !values.includes(current)),
}
