import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import { OfFold } from './of-fold.ts'

class LongestRun extends OfFold {
  #longest = 0
  /** Of the run that the oldest row so far belongs to: older rows may make it longer. */
  #open = 0

  reset(): void {
    this.#longest = 0
    this.#open = 0
  }

  protected addRows(of: Uint8Array, mask: Uint8Array, from: number, to: number): void {
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
  fold: (input) => new LongestRun(input),
}

/** Most events in a row for which the filter holds, of those that pass `where`. Over nothing: 0. */
export function longestRun<S extends string>(of: Filter<S>): Aggregate<S, number> {
  return startAggregate({ aggregate: 'longestRun', of })
}
