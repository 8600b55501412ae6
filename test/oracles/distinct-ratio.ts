import type { AggregateOracle } from './aggregate-oracle.ts'

export const distinctRatioOracle: AggregateOracle = {
  name: 'distinctRatio',
  answer: ({ values }) => (values.length === 0 ? null : new Set(values).size / values.length),
}
