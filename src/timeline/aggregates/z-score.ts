import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { MomentsFold } from './moments-fold.ts'

class ZScore extends MomentsFold {
  value(rows: Rows): number | null {
    const cell = rows.current < 0 ? Number.NaN : rows.columns[this.column]![rows.current]!
    return Number.isNaN(cell) ? null : this.moments.score(cell)
  }
}

export const zScoreAggregate: AggregateDefinition = {
  name: 'zScore',
  doc:
    'How many standard deviations the event being scored lies above the mean of the window, which never holds that event. ' +
    'From exact sums, to 1e-12. Null where no event is being scored, its column is null, the window has no value, or all of its values are equal.',
  formula: '(x₀ - Σ x / n) / √((n Σ x² - (Σ x)²) / n²), with x₀ of the event being scored',
  example: 'zScore(payments.amount)',
  empty: null,
  cost: 'O(n); no memory. Values beyond 1e135 or, other than 0, below 1e-120 take some microseconds each',
  reference: 'Standard score (Kreyszig, Advanced Engineering Mathematics, 1979)',
  takes: ['int', 'money', 'double'],
  readsCurrent: true,
  unit: 'none',
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new ZScore(input),
}

/**
 * How many standard deviations the event being scored lies above the mean of the others in the window: `zScore(payments.amount)`
 * is 3 for a payment that is three deviations larger than the card's usual one. It needs a service that scores events. Null
 * without such an event, where its column is null, and over nothing or equal values.
 */
export function zScore<C extends Column>(column: Numeric<'zScore', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'zScore', column: column as Column, excludeCurrent: true })
}
