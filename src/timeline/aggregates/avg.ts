import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { DoubleSum, exactQuotient, IntegerSum } from '../exact-sum.ts'
import type { Rows } from '../rows.ts'

class Average implements Fold {
  readonly #sum: IntegerSum | DoubleSum
  #count = 0
  readonly #column: number
  readonly #where: number
  constructor(sum: IntegerSum | DoubleSum, column: number, where: number) {
    this.#sum = sum
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#sum.reset()
    this.#count = 0
  }

  add(rows: Rows, from: number, to: number): void {
    this.#count += this.#sum.addRows(rows.columns[this.#column]!, rows.masks[this.#where]!, from, to)
  }

  value(): number | null {
    return this.#count === 0 ? null : exactQuotient(this.#sum.value(), this.#count)
  }
}

export const avgAggregate: AggregateDefinition = {
  name: 'avg',
  doc:
    'Mean of the column; money in minor units. The exact sum divided by the number of values that are not null. ' +
    'Null over nothing.',
  takes: ['int', 'money', 'double'],
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: ({ type, column, where }) =>
    new Average(type?.kind === 'double' ? new DoubleSum() : new IntegerSum(), column, where),
}

/** Mean of a number column; money in minor units. Null is skipped. Over nothing: null. */
export function avg<C extends Column>(column: Numeric<'avg', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'avg', column: column as Column })
}
