import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf, SumOf } from '../column.ts'
import { type DoubleSum, exactSum, type IntegerSum } from '../exact-sum.ts'
import { ColumnFold } from './column-fold.ts'

class Sum extends ColumnFold {
  readonly #sum: IntegerSum | DoubleSum

  constructor(input: FoldInput) {
    super(input)
    this.#sum = exactSum(input.type)
  }

  reset(): void {
    this.#sum.reset()
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    this.#sum.addRows(cells, mask, from, to)
  }

  value(): number | bigint {
    return this.#sum.value()
  }
}

export const sumAggregate: AggregateDefinition = {
  name: 'sum',
  doc:
    'Sum of the column; money in minor units. Exact: integers past 2^53 become a string in answers, doubles are added ' +
    'exactly and rounded once. Null is skipped. 0 over nothing.',
  formula: 'Σ x',
  example: 'sum(payments.amount)',
  empty: 0,
  cost: 'O(n); no memory',
  reference: 'SQL:2016, sum(x); doubles by J. R. Shewchuk (1997)',
  takes: ['int', 'money', 'double'],
  result: (type) => ({ kind: type?.kind === 'double' ? 'double' : 'bigint', nullable: false, list: false }),
  fold: (input) => new Sum(input),
}

/** Sum of a number column; money in minor units. Null is skipped. Over nothing: 0. */
export function sum<C extends Column>(column: Numeric<'sum', C>): Aggregate<SourceOf<C>, SumOf<C>> {
  return startAggregate({ aggregate: 'sum', column: column as Column })
}
