import type { AggregateOracle } from './aggregate-oracle.ts'

export const longestRunOracle: AggregateOracle = {
  name: 'longestRun',
  answer: ({ rows, of }) => {
    // Every stretch of rows, and of those that hold throughout the longest.
    const stretches = rows.flatMap((_, i) => rows.slice(i).map((__, j) => rows.slice(i, i + j + 1)))
    return Math.max(0, ...stretches.filter((stretch) => stretch.every(of)).map((stretch) => stretch.length))
  },
}
