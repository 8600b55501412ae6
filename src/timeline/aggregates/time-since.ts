import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Filter } from '../filter.ts'
import type { Rows } from '../rows.ts'
import { OfFold } from './of-fold.ts'

/** The time since the newest row that the filter holds for. */
export class TimeSince extends OfFold {
  #last_ms = Number.NaN

  reset(): void {
    this.#last_ms = Number.NaN
  }

  protected addRows(of: Uint8Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    if (!Number.isNaN(this.#last_ms)) return
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
  fold: (input) => new TimeSince(input),
}

/** Milliseconds since the newest event of the window for which the filter holds: since the last decline. Where it holds for none: null. */
export function timeSince<S extends string>(of: Filter<S>): Aggregate<S, number | null> {
  return startAggregate({ aggregate: 'timeSince', of })
}
