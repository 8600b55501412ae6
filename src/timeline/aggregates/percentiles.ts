import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { showValue } from '../shown-value.ts'
import { nearestRank, refusePercentile } from './nearest-rank.ts'
import { SortedFold } from './sorted-fold.ts'

/** Most percentiles of one feature: an answer must stay small. */
const PERCENTILES_MAX = 20

class Percentiles extends SortedFold {
  readonly #p: readonly number[]

  constructor(input: FoldInput) {
    super(input)
    this.#p = input.params.p as readonly number[]
  }

  value(): number[] {
    if (this.count === 0) return []
    const numbers = this.ascending()
    return this.#p.map((p) => numbers[nearestRank(p, this.count) - 1]!)
  }
}

export const percentilesAggregate: AggregateDefinition = {
  name: 'percentiles',
  doc:
    'Several percentiles of the column as a list, in the order asked for: each as percentile() gives it, for one sort. 1 to 20 of them. ' +
    'Null is skipped. [] over nothing.',
  formula: 'x of rank ⌈p / 100 · n⌉ in ascending order, for each p',
  example: 'percentiles(payments.amount, [50, 95, 99])',
  empty: [],
  cost: 'O(n log n) for each window; memory of the values',
  reference: 'SQL:2016, percentile_disc(p / 100) within group (order by x)',
  takes: ['int', 'money', 'double'],
  refuse: ({ p }) => {
    if (!Array.isArray(p) || p.length === 0 || p.length > PERCENTILES_MAX) {
      const number = Array.isArray(p) ? (p.length === 0 ? 'no' : p.length) : `${showValue(p)} as`
      return { message: `${number} percentiles`, cure: `list 1 to ${PERCENTILES_MAX} of them, as [50, 95, 99]` }
    }
    return p.map(refusePercentile).find((refused) => refused !== null) ?? null
  },
  result: (type) => ({ kind: type?.kind ?? 'double', nullable: false, list: true }),
  fold: (input) => new Percentiles(input),
}

/**
 * Several percentiles of a number column, in the order asked for, each by nearest rank as {@link percentile} gives it: `percentiles(
 * payments.amount, [50, 95, 99])`. 1 to 20 of them. Null is skipped. Over nothing: [].
 */
export function percentiles<C extends Column>(
  column: Numeric<'percentiles', C>,
  p: readonly number[],
): Aggregate<SourceOf<C>, number[]> {
  const list = Array.isArray(p) ? Object.freeze([...p]) : p
  return startAggregate({ aggregate: 'percentiles', column: column as Column, params: { p: list } })
}
