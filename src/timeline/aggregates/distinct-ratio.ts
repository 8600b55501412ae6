import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import { CountsFold } from './counts-fold.ts'

class DistinctRatio extends CountsFold {
  value(): number | null {
    return this.total === 0 ? null : this.cells.length / this.total
  }
}

export const distinctRatioAggregate: AggregateDefinition = {
  name: 'distinctRatio',
  doc:
    'Number of different values of the column among all of its values, above 0 to 1: 1 where no value occurs twice. Null is skipped. ' +
    'Null over nothing.',
  formula: '|{x}| / n',
  example: 'distinctRatio(payments.merchant_id)',
  empty: null,
  cost: 'O(n); memory of the different values',
  reference: 'SQL:2016, count(distinct x) / count(x)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  unit: 'none',
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new DistinctRatio(input),
}

/** Number of different values of a column by number of all values, up to 1. Null is skipped. Over nothing: null. */
export function distinctRatio<C extends Column>(column: C): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'distinctRatio', column })
}
