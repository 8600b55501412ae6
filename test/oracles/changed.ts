import type { AggregateOracle } from './aggregate-oracle.ts'

export const changedOracle: AggregateOracle = {
  name: 'changed',
  answer: ({ values, current }) => (values.length === 0 || current === null ? null : values.at(-1) !== current),
}
