import type { AggregateOracle } from './aggregate-oracle.ts'

export const timeSinceLastOracle: AggregateOracle = {
  name: 'timeSinceLast',
  answer: ({ rows, at_ms }) => (rows.length === 0 ? null : at_ms - rows.at(-1)!.time_ms),
}
