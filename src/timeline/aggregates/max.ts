import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'

class Maximum implements Fold {
  #best = Number.NaN
  readonly #column: number
  readonly #where: number
  constructor(column: number, where: number) {
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#best = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    const values = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    let best = this.#best
    for (let i = from; i < to; i++) {
      const value = values[i]!
      // A null value is NaN: the comparison is false, so it never wins.
      if (mask[i] === 1 && (value > best || (Number.isNaN(best) && !Number.isNaN(value)))) best = value
    }
    this.#best = best
  }

  value(): number | null {
    return Number.isNaN(this.#best) ? null : this.#best
  }
}

export const maxAggregate: AggregateDefinition = {
  name: 'max',
  doc: 'Highest value of the column; money in minor units. Null is skipped. Null over nothing.',
  takes: ['int', 'money', 'double'],
  result: (type) => ({ kind: type?.kind ?? 'double', nullable: true, list: false }),
  fold: ({ column, where }) => new Maximum(column, where),
}

/** Highest value of a number column; money in minor units. Null is skipped. Over nothing: null. */
export function max<C extends Column>(column: Numeric<'max', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'max', column: column as Column })
}
