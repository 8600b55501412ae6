import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import type { Rows } from '../rows.ts'

class TimeSince implements Fold {
  #last_ms = Number.NaN
  readonly #of: number
  readonly #where: number
  constructor(of: number, where: number) {
    this.#of = of
    this.#where = where
  }

  reset(): void {
    this.#last_ms = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    if (!Number.isNaN(this.#last_ms)) return
    const of = rows.masks[this.#of]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      if ((mask[i]! & of[i]!) === 1) {
        this.#last_ms = rows.times[i]!
        return
      }
    }
  }

  value(rows: Rows): number | null {
    return Number.isNaN(this.#last_ms) ? null : rows.at_ms - this.#last_ms
  }
}

export const timeSinceAggregate: AggregateDefinition = {
  name: 'timeSince',
  doc: 'Milliseconds from the newest event of the window for which a filter holds to the instant asked for. Null where it holds for none.',
  formula: 't - time of the newest row where of holds',
  example: "timeSince(eq(payments.status, 'declined'))",
  empty: null,
  cost: 'O(rows until one passes); no memory',
  reference: 'Recency of an RFM model (Bult and Wansbeek, 1995)',
  takes: [],
  ofFilter: true,
  result: () => ({ kind: 'duration_ms', nullable: true, list: false }),
  fold: ({ of, where }) => new TimeSince(of, where),
}

/** Milliseconds since the newest event of the window for which the filter holds: since the last decline. Where it holds for none: null. */
export function timeSince<S extends string>(of: Filter<S>): Aggregate<S, number | null> {
  return startAggregate({ aggregate: 'timeSince', of })
}
