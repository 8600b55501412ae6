import type { AggregateOracle } from './aggregate-oracle.ts'

export const timeSinceFirstOracle: AggregateOracle = {
  name: 'timeSinceFirst',
  answer: ({ rows, at_ms }) => (rows.length === 0 ? null : at_ms - rows[0]!.time_ms),
}
