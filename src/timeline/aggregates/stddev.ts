import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { MomentsFold } from './moments-fold.ts'

class StandardDeviation extends MomentsFold {
  value(): number | null {
    return this.moments.deviation()
  }
}

export const stddevAggregate: AggregateDefinition = {
  name: 'stddev',
  doc:
    'Population standard deviation of the column, in its unit; money in minor units. The square root of the variance. ' +
    'Null is skipped. 0 over one value, null over nothing.',
  formula: '√((n Σ x² - (Σ x)²) / n²)',
  example: 'stddev(payments.amount)',
  empty: null,
  cost: 'O(n); no memory. Values beyond 1e135 or, other than 0, below 1e-120 take some microseconds each',
  reference: 'SQL:2016, stddev_pop(x); products of doubles by T. J. Dekker (1971)',
  takes: ['int', 'money', 'double'],
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new StandardDeviation(input),
}

/**
 * Population standard deviation of a number column, in its unit; money in minor units. Null is skipped. Over one value: 0. Over
 * nothing: null.
 */
export function stddev<C extends Column>(column: Numeric<'stddev', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'stddev', column: column as Column })
}
