import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import { TimeSince } from './time-since.ts'

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
  // It is made from no filter, which holds for every row.
  fold: (input) => new TimeSince(input),
}

/**
 * Milliseconds since the newest event of the window. With the event being scored counted it is the time since that one,
 * so it is nearly always wanted with `.excludeCurrent()`. Over nothing: null.
 */
export function timeSinceLast(): Aggregate<never, number | null> {
  return startAggregate({ aggregate: 'timeSinceLast' })
}
