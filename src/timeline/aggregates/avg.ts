import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { type DoubleSum, exactQuotient, exactSum, type IntegerSum } from '../exact-sum.ts'
import { ColumnFold } from './column-fold.ts'

class Average extends ColumnFold {
  readonly #sum: IntegerSum | DoubleSum
  #count = 0

  constructor(input: FoldInput) {
    super(input)
    this.#sum = exactSum(input.type)
  }

  reset(): void {
    this.#sum.reset()
    this.#count = 0
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    this.#count += this.#sum.addRows(cells, mask, from, to)
  }

  value(): number | null {
    return this.#count === 0 ? null : exactQuotient(this.#sum.value(), this.#count)
  }
}

export const avgAggregate: AggregateDefinition = {
  name: 'avg',
  doc:
    'Mean of the column; money in minor units. The exact sum (of doubles: rounded once) divided by the number of values that are not ' +
    'null. Null over nothing.',
  formula: 'Σ x / n',
  example: 'avg(payments.amount)',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'SQL:2016, avg(x)',
  takes: ['int', 'money', 'double'],
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Average(input),
}

/** Mean of a number column; money in minor units. Null is skipped. Over nothing: null. */
export function avg<C extends Column>(column: Numeric<'avg', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'avg', column: column as Column })
}
