import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

class TimeSinceFirst implements Fold {
  #first_ms = Number.NaN
  readonly #where: number
  constructor(where: number) {
    this.#where = where
  }

  reset(): void {
    this.#first_ms = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    const mask = rows.masks[this.#where]!
    for (let i = from; i < to; i++) {
      if (mask[i] === 1) {
        // Every later range is older, so what it finds replaces this.
        this.#first_ms = rows.times[i]!
        return
      }
    }
  }

  value(rows: Rows): number | null {
    return Number.isNaN(this.#first_ms) ? null : rows.at_ms - this.#first_ms
  }
}

export const timeSinceFirstAggregate: AggregateDefinition = {
  name: 'timeSinceFirst',
  doc: 'Milliseconds from the oldest event of the window to the instant asked for. Null over nothing.',
  formula: 't - time of the oldest row',
  example: 'timeSinceFirst()',
  empty: null,
  cost: 'O(rows until one passes, for each window); no memory',
  reference: 'T of an RFM model: the age of a customer (Fader, Hardie and Lee, 2005)',
  takes: [],
  result: () => ({ kind: 'duration_ms', nullable: true, list: false }),
  fold: ({ where }) => new TimeSinceFirst(where),
}

/** Milliseconds since the oldest event of the window: how long a card has been seen, up to the window. Over nothing: null. */
export function timeSinceFirst(): Aggregate<never, number | null> {
  return startAggregate({ aggregate: 'timeSinceFirst' })
}
