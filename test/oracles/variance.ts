import type { AggregateOracle } from './aggregate-oracle.ts'
import { nearestDouble } from './exact-numbers.ts'
import { spread } from './moments.ts'

export const varianceOracle: AggregateOracle = {
  name: 'variance',
  answer: ({ values }) => (values.length === 0 ? null : nearestDouble(...spread(values as number[]))),
}
