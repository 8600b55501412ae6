import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { SortedFold } from './sorted-fold.ts'

class Median extends SortedFold {
  value(): number | null {
    const { count } = this
    if (count === 0) return null
    const numbers = this.ascending()
    if (count % 2 === 1) return numbers[(count - 1) / 2]!
    // Rounded once: a sum so small that its half is rounded was exact. Zero is added as half of the least double below 0 is -0.
    return (numbers[count / 2 - 1]! + numbers[count / 2]!) / 2 + 0
  }
}

export const medianAggregate: AggregateDefinition = {
  name: 'median',
  doc:
    'The middle value of the column in ascending order, or the mean of the two middle ones, rounded once; money in minor units. ' +
    'percentile 50 is always one of the values: of two middle ones the lower. Null is skipped. Null over nothing.',
  formula: 'x of rank (n + 1) / 2, or (x of rank n / 2 + x of rank n / 2 + 1) / 2',
  example: 'median(payments.amount)',
  empty: null,
  cost: 'O(n log n) for each window; memory of the values',
  reference: 'SQL:2016, percentile_cont(0.5) within group (order by x)',
  takes: ['int', 'money', 'double'],
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Median(input),
}

/**
 * The middle value of a number column, or the mean of the two middle ones; `percentile(column, 50)` is the lower of the two. Money in
 * minor units. Null is skipped. Over nothing: null.
 */
export function median<C extends Column>(column: Numeric<'median', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'median', column: column as Column })
}
