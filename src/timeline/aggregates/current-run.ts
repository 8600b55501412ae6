import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import type { Rows } from '../rows.ts'

class CurrentRun implements Fold {
  #length = 0
  #ended = false
  readonly #of: number
  readonly #where: number

  constructor(of: number, where: number) {
    this.#of = of
    this.#where = where
  }

  reset(): void {
    this.#length = 0
    this.#ended = false
  }

  add(rows: Rows, from: number, to: number): void {
    const of = rows.masks[this.#of]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from && !this.#ended; i--) {
      if (mask[i] !== 1) continue
      if (of[i] === 1) this.#length++
      else this.#ended = true
    }
  }

  value(): number {
    return this.#length
  }
}

export const currentRunAggregate: AggregateDefinition = {
  name: 'currentRun',
  doc:
    'Events in a row for which a filter holds, counted back from the newest of the window by (time, id), among all that pass `where`. ' +
    '0 where it does not hold for the newest, and over nothing.',
  formula: 'n - i, i the newest row for which of does not hold (0: none)',
  example: "currentRun(eq(payments.status, 'declined'))",
  empty: 0,
  cost: 'O(rows of the run); no memory',
  reference: 'Runs of a Bernoulli sequence (Feller, An Introduction to Probability Theory, 1968, XIII.7)',
  takes: [],
  ofFilter: true,
  result: () => ({ kind: 'count', nullable: false, list: false }),
  fold: ({ of, where }) => new CurrentRun(of, where),
}

/**
 * Events in a row, up to the newest, for which the filter holds, of those that pass `where`. Of an outcome write
 * `.excludeCurrent()`: it is not known of the event being scored, which would end every run. Over nothing: 0.
 */
export function currentRun<S extends string>(of: Filter<S>): Aggregate<S, number> {
  return startAggregate({ aggregate: 'currentRun', of })
}
