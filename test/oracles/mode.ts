import type { AggregateOracle } from './aggregate-oracle.ts'
import { frequencies } from './frequencies.ts'

export const modeOracle: AggregateOracle = {
  name: 'mode',
  answer: ({ values, served }) => (values.length === 0 ? null : served(frequencies(values)[0]!.value)),
}
