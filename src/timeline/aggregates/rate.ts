import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import { OfFold } from './of-fold.ts'

class Rate extends OfFold {
  #hits = 0
  #count = 0

  reset(): void {
    this.#hits = 0
    this.#count = 0
  }

  protected addRows(of: Uint8Array, mask: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.#count += mask[i]!
      this.#hits += mask[i]! & of[i]!
    }
  }

  value(): number | null {
    return this.#count === 0 ? null : this.#hits / this.#count
  }
}

export const rateAggregate: AggregateDefinition = {
  name: 'rate',
  doc:
    'Share, 0 to 1, of the events in the window for which a filter holds, among all that pass `where`. An event whose ' +
    'label is still null counts as one for which it does not hold. Null over nothing.',
  formula: '|rows where of holds| / |rows|',
  example: 'rate(eq(payments.fraud, true))',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'The mean of an indicator',
  takes: [],
  ofFilter: true,
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Rate(input),
}

/**
 * Share of the events for which the filter holds, 0 to 1. All events that pass `where` count, also those whose label is
 * not known yet. Over nothing: null.
 */
export function rate<S extends string>(of: Filter<S>): Aggregate<S, number | null> {
  return startAggregate({ aggregate: 'rate', of })
}
