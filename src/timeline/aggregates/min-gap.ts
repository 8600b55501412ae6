import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import { GapFold } from './gap-fold.ts'

class MinimumGap extends GapFold {
  #shortest_ms = Number.NaN

  override reset(): void {
    super.reset()
    this.#shortest_ms = Number.NaN
  }

  protected override addGap(gap_ms: number): void {
    if (!(gap_ms >= this.#shortest_ms)) this.#shortest_ms = gap_ms
  }

  value(): number | null {
    return this.count < 2 ? null : this.#shortest_ms
  }
}

export const minGapAggregate: AggregateDefinition = {
  name: 'minGap',
  doc:
    'Shortest time between one event of the window and the next, in milliseconds; 0 where two are of one instant. ' +
    'Null over fewer than two events.',
  formula: 'min(t[i+1] - t[i])',
  example: 'minGap()',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'Inter-event times of a point process (Daley and Vere-Jones, 2003)',
  takes: [],
  result: () => ({ kind: 'duration_ms', nullable: true, list: false }),
  fold: ({ where }) => new MinimumGap(where),
}

/** Milliseconds of the shortest gap between one event and the next. Over fewer than two events: null. */
export function minGap(): Aggregate<never, number | null> {
  return startAggregate({ aggregate: 'minGap' })
}
