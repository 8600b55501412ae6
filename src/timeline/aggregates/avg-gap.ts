import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import { GapFold } from './gap-fold.ts'

class AverageGap extends GapFold {
  value(): number | null {
    return this.count < 2 ? null : (this.newest_ms - this.oldest_ms) / (this.count - 1)
  }
}

export const avgGapAggregate: AggregateDefinition = {
  name: 'avgGap',
  doc:
    'Mean time between one event of the window and the next, in milliseconds: the time from the oldest to the newest, divided by the ' +
    'number of gaps. Null over fewer than two events.',
  formula: '(t[n] - t[1]) / (n - 1)',
  example: 'avgGap()',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'Inter-event times of a point process (Daley and Vere-Jones, 2003)',
  takes: [],
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: ({ where }) => new AverageGap(where),
}

/** Milliseconds of the mean gap between one event and the next. Over fewer than two events: null. */
export function avgGap(): Aggregate<never, number | null> {
  return startAggregate({ aggregate: 'avgGap' })
}
