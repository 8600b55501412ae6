import fc from 'fast-check'
import type { AggregateOracle } from './aggregate-oracle.ts'
import { gaps } from './gaps.ts'

export const maxGapOracle: AggregateOracle = {
  name: 'maxGap',
  params: fc.constantFrom({}, { toNow: 1 }),
  answer: ({ rows, at_ms, params }) => {
    const all = gaps(rows)
    if (params.toNow === 1 && rows.length > 0) all.push(at_ms - rows.at(-1)!.time_ms)
    return all.length === 0 ? null : Math.max(...all)
  },
}
