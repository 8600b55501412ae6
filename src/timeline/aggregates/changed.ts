import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { LastCell } from './last.ts'

class Changed extends LastCell {
  override value(rows: Rows): boolean | null {
    if (rows.current < 0 || Number.isNaN(this.cell)) return null
    const current = rows.columns[this.column]![rows.current]!
    return Number.isNaN(current) ? null : current !== this.cell
  }
}

export const changedAggregate: AggregateDefinition = {
  name: 'changed',
  doc:
    'Whether the column of the event being scored differs from its value in the newest other event of the window, by (time, id). Null is skipped. ' +
    'Null over nothing, where the column of the event being scored is null, and where no event is scored.',
  formula: 'x of the event being scored ≠ x of the newest other row',
  example: 'changed(payments.device_id)',
  empty: null,
  cost: 'O(rows until the first value); no memory',
  reference: 'SQL:2016, x is distinct from lag(x) ignore nulls',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  readsCurrent: true,
  unit: 'none',
  result: () => ({ kind: 'bool', nullable: true, list: false }),
  fold: (input) => new Changed(input),
}

/**
 * Whether the event being scored has another value in the column than the newest other event of the window; null is skipped. Null over nothing,
 * where its own value is null, and in a service that scores no event of the source (which `check` refuses).
 */
export function changed<C extends Column>(column: C): Aggregate<SourceOf<C>, boolean | null> {
  return startAggregate({ aggregate: 'changed', column, excludeCurrent: true })
}
