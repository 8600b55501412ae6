import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { MomentsFold } from './moments-fold.ts'

class Variance extends MomentsFold {
  value(): number | null {
    return this.moments.variance()
  }
}

export const varianceAggregate: AggregateDefinition = {
  name: 'variance',
  doc:
    'Population variance of the column, in its unit squared; money in minor units. From the exact number, sum and sum of squares, ' +
    'rounded once. Beyond the largest double it is that one. Null is skipped. 0 over one value, null over nothing.',
  formula: '(n Σ x² - (Σ x)²) / n²',
  example: 'variance(payments.amount)',
  empty: null,
  cost: 'O(n); no memory. Values beyond 1e135 or, other than 0, below 1e-120 take some microseconds each',
  reference: 'SQL:2016, var_pop(x); products of doubles by T. J. Dekker (1971)',
  takes: ['int', 'money', 'double'],
  unit: 'squared',
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Variance(input),
}

/**
 * Population variance of a number column, in its unit squared; money in minor units. Exact, rounded once. Null is skipped. Over one
 * value: 0. Over nothing: null.
 */
export function variance<C extends Column>(column: Numeric<'variance', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'variance', column: column as Column })
}
