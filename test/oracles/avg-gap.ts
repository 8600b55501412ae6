import type { AggregateOracle } from './aggregate-oracle.ts'
import { gaps } from './gaps.ts'

export const avgGapOracle: AggregateOracle = {
  name: 'avgGap',
  answer: ({ rows }) => (rows.length < 2 ? null : gaps(rows).reduce((sum, gap) => sum + gap, 0) / (rows.length - 1)),
}
