import type { AggregateOracle } from './aggregate-oracle.ts'

export const timeSinceOracle: AggregateOracle = {
  name: 'timeSince',
  answer: ({ rows, of, at_ms }) => {
    const newest = rows.filter(of).at(-1)
    return newest === undefined ? null : at_ms - newest.time_ms
  },
}
