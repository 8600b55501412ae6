import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import { OfFold } from './of-fold.ts'

class CurrentRun extends OfFold {
  #length = 0
  #ended = false

  reset(): void {
    this.#length = 0
    this.#ended = false
  }

  protected addRows(of: Uint8Array, mask: Uint8Array, from: number, to: number): void {
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
  fold: (input) => new CurrentRun(input),
}

/**
 * Events in a row, up to the newest, for which the filter holds, of those that pass `where`. Of an outcome write
 * `.excludeCurrent()`: it is not known of the event being scored, which would end every run. Over nothing: 0.
 */
export function currentRun<S extends string>(of: Filter<S>): Aggregate<S, number> {
  return startAggregate({ aggregate: 'currentRun', of })
}
