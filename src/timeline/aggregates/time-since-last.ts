import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

class TimeSinceLast implements Fold {
  #last_ms = Number.NaN
  readonly #where: number
  constructor(where: number) {
    this.#where = where
  }

  reset(): void {
    this.#last_ms = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    if (!Number.isNaN(this.#last_ms)) return
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] === 1) {
        this.#last_ms = rows.times[i]!
        return
      }
    }
  }

  value(rows: Rows): number | null {
    return Number.isNaN(this.#last_ms) ? null : rows.at_ms - this.#last_ms
  }
}

export const timeSinceLastAggregate: AggregateDefinition = {
  name: 'timeSinceLast',
  doc: 'Milliseconds from the newest event of the window to the instant asked for. Null over nothing.',
  formula: 't - time of the newest row',
  example: 'timeSinceLast().excludeCurrent()',
  empty: null,
  cost: 'O(rows until one passes); no memory',
  reference: 'Recency of an RFM model (Bult and Wansbeek, 1995)',
  takes: [],
  result: () => ({ kind: 'duration_ms', nullable: true, list: false }),
  fold: ({ where }) => new TimeSinceLast(where),
}

/**
 * Milliseconds since the newest event of the window. With the event being scored counted it is the time since that one,
 * so it is nearly always wanted with `.excludeCurrent()`. Over nothing: null.
 */
export function timeSinceLast(): Aggregate<never, number | null> {
  return startAggregate({ aggregate: 'timeSinceLast' })
}
