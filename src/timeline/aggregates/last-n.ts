import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import type { Rows } from '../rows.ts'

/** Most values that a list may hold: an answer must stay small. */
export const LAST_N_MAX = 1_000

class LastN implements Fold {
  #found: number[] = []
  readonly #column: number
  readonly #where: number
  readonly #n: number
  constructor(column: number, where: number, n: number) {
    this.#column = column
    this.#where = where
    this.#n = n
  }

  reset(): void {
    this.#found.length = 0
  }

  add(rows: Rows, from: number, to: number): void {
    const values = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from && this.#found.length < this.#n; i--) {
      const value = values[i]!
      if (mask[i] === 1 && !Number.isNaN(value)) this.#found.push(value)
    }
  }

  value(rows: Rows): (string | number | boolean)[] {
    return this.#found.map((value) => rows.decode(this.#column, value))
  }
}

export const lastNAggregate: AggregateDefinition = {
  name: 'lastN',
  doc:
    'Values of the column in the newest n events of the window that have one, newest first, by (time, id); ' +
    'equal values stay. [] over nothing.',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  refuse: ({ n }) =>
    Number.isInteger(n) && n! >= 1 && n! <= LAST_N_MAX
      ? null
      : { message: `a list of ${n} values`, cure: `use a whole number from 1 to ${LAST_N_MAX}` },
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: false, list: true }),
  fold: ({ column, where, params }) => new LastN(column, where, params.n!),
}

/** The newest `n` values of a column, newest first, by (time, id); `n` is 1 to 1,000. Null is skipped. Over nothing: []. */
export function lastN<C extends Column>(column: C, n: number): Aggregate<SourceOf<C>, ValueOf<C>[]> {
  return startAggregate({ aggregate: 'lastN', column, params: { n } })
}
