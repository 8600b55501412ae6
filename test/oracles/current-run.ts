import type { AggregateOracle } from './aggregate-oracle.ts'

export const currentRunOracle: AggregateOracle = {
  name: 'currentRun',
  answer: ({ rows, of }) => {
    const held = rows.map(of)
    return held.length - 1 - held.lastIndexOf(false)
  },
}
