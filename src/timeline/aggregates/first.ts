import { type Aggregate, type AggregateDefinition, type FeatureValue, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import type { Rows } from '../rows.ts'

class First implements Fold {
  #found = Number.NaN
  readonly #column: number
  readonly #where: number
  constructor(column: number, where: number) {
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#found = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    const values = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    for (let i = from; i < to; i++) {
      const value = values[i]!
      if (mask[i] === 1 && !Number.isNaN(value)) {
        // Every later range is older, so what it finds replaces this.
        this.#found = value
        return
      }
    }
  }

  value(rows: Rows): FeatureValue {
    return Number.isNaN(this.#found) ? null : rows.decode(this.#column, this.#found)
  }
}

export const firstAggregate: AggregateDefinition = {
  name: 'first',
  doc: 'Value of the column in the oldest event of the window, by (time, id). Null is skipped. Null over nothing.',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: true, list: false }),
  fold: ({ column, where }) => new First(column, where),
}

/** The oldest value of a column, by (time, id). Null is skipped. Over nothing: null. */
export function first<C extends Column>(column: C): Aggregate<SourceOf<C>, ValueOf<C> | null> {
  return startAggregate({ aggregate: 'first', column })
}
