import type { AggregateOracle } from './aggregate-oracle.ts'
import { gaps } from './gaps.ts'

export const minGapOracle: AggregateOracle = {
  name: 'minGap',
  answer: ({ rows }) => (rows.length < 2 ? null : Math.min(...gaps(rows))),
}
