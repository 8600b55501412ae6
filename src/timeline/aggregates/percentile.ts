import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { nearestRank, refusePercentile } from './nearest-rank.ts'
import { SortedFold } from './sorted-fold.ts'

class Percentile extends SortedFold {
  readonly #p: number

  constructor(input: FoldInput) {
    super(input)
    this.#p = input.params.p as number
  }

  value(): number | null {
    return this.count === 0 ? null : this.ascending()[nearestRank(this.#p, this.count) - 1]!
  }
}

export const percentileAggregate: AggregateDefinition = {
  name: 'percentile',
  doc:
    'The value of the column at or below which p percent of its values lie: by nearest rank, so always one of them; money in minor ' +
    'units. Exact. p is above 0 and up to 100, with at most 6 decimals. Null is skipped. Null over nothing.',
  formula: 'x of rank ⌈p / 100 · n⌉ in ascending order',
  example: 'percentile(payments.amount, 95)',
  empty: null,
  cost: 'O(n log n) for each window; memory of the values',
  reference: 'SQL:2016, percentile_disc(p / 100) within group (order by x)',
  takes: ['int', 'money', 'double'],
  refuse: ({ p }) => refusePercentile(p),
  result: (type) => ({ kind: type?.kind ?? 'double', nullable: true, list: false }),
  fold: (input) => new Percentile(input),
}

/**
 * The `p`th percentile of a number column, by nearest rank: the lowest of its values that `p` percent of them do not exceed. `p` is above 0
 * and up to 100, with at most 6 decimals. Exact; money in minor units. Null is skipped. Over nothing: null.
 */
export function percentile<C extends Column>(
  column: Numeric<'percentile', C>,
  p: number,
): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'percentile', column: column as Column, params: { p } })
}
