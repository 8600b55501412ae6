import fc from 'fast-check'
import type { AggregateOracle } from './aggregate-oracle.ts'

export const firstNOracle: AggregateOracle = {
  name: 'firstN',
  params: fc.integer({ min: 1, max: 4 }).map((n) => ({ n })),
  answer: ({ values, params, served }) => values.slice(0, params.n as number).map(served),
}
