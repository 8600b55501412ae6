import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import type { Rows } from '../rows.ts'

class LongestRun implements Fold {
  #longest = 0
  /** Of the run that the oldest row so far belongs to: older rows may make it longer. */
  #open = 0
  readonly #of: number
  readonly #where: number

  constructor(of: number, where: number) {
    this.#of = of
    this.#where = where
  }

  reset(): void {
    this.#longest = 0
    this.#open = 0
  }

  add(rows: Rows, from: number, to: number): void {
    const of = rows.masks[this.#of]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] !== 1) continue
      this.#open = of[i] === 1 ? this.#open + 1 : 0
      if (this.#open > this.#longest) this.#longest = this.#open
    }
  }

  value(): number {
    return this.#longest
  }
}

export const longestRunAggregate: AggregateDefinition = {
  name: 'longestRun',
  doc:
    'Most events in a row, by (time, id), for which a filter holds, among all that pass `where`: an event for which it does not hold ends ' +
    'the run. 0 over nothing.',
  formula: 'max(j - i + 1) where of holds for all rows i..j',
  example: "longestRun(eq(payments.status, 'declined'))",
  empty: 0,
  cost: 'O(n); no memory',
  reference: 'Longest run of a Bernoulli sequence (Feller, An Introduction to Probability Theory, 1968, XIII.7)',
  takes: [],
  ofFilter: true,
  result: () => ({ kind: 'count', nullable: false, list: false }),
  fold: ({ of, where }) => new LongestRun(of, where),
}

/** Most events in a row for which the filter holds, of those that pass `where`. Over nothing: 0. */
export function longestRun<S extends string>(of: Filter<S>): Aggregate<S, number> {
  return startAggregate({ aggregate: 'longestRun', of })
}
