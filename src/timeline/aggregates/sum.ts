import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf, SumOf } from '../column.ts'
import { DoubleSum, IntegerSum } from '../exact-sum.ts'
import type { Rows } from '../rows.ts'

class Sum implements Fold {
  readonly #sum: IntegerSum | DoubleSum
  readonly #column: number
  readonly #where: number
  constructor(sum: IntegerSum | DoubleSum, column: number, where: number) {
    this.#sum = sum
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#sum.reset()
  }

  add(rows: Rows, from: number, to: number): void {
    this.#sum.addRows(rows.columns[this.#column]!, rows.masks[this.#where]!, from, to)
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
  takes: ['int', 'money', 'double'],
  result: (type) => ({ kind: type?.kind === 'double' ? 'double' : 'bigint', nullable: false, list: false }),
  fold: ({ type, column, where }) =>
    new Sum(type?.kind === 'double' ? new DoubleSum() : new IntegerSum(), column, where),
}

/** Sum of a number column; money in minor units. Null is skipped. Over nothing: 0. */
export function sum<C extends Column>(column: Numeric<'sum', C>): Aggregate<SourceOf<C>, SumOf<C>> {
  return startAggregate({ aggregate: 'sum', column: column as Column })
}
