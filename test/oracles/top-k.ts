import fc from 'fast-check'
import type { AggregateOracle } from './aggregate-oracle.ts'
import { frequencies } from './frequencies.ts'

export const topKOracle: AggregateOracle = {
  name: 'topK',
  params: fc.constantFrom(1, 2, 3, 17, 40).map((k) => ({ k })),
  answer: ({ values, params, served }) =>
    frequencies(values)
      .slice(0, params.k as number)
      .map(({ value }) => served(value)),
}
