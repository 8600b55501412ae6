import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { ColumnFold } from './column-fold.ts'

class IsNew extends ColumnFold {
  #seen = false

  reset(): void {
    this.#seen = false
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    if (this.#seen || rows.current < 0) return
    const current = cells[rows.current]!
    for (let i = to - 1; i >= from; i--) {
      // A null cell is NaN, which nothing equals.
      if (mask[i] !== 1 || cells[i] !== current) continue
      this.#seen = true
      return
    }
  }

  value(rows: Rows): boolean | null {
    return rows.current < 0 || Number.isNaN(rows.columns[this.column]![rows.current]!) ? null : !this.#seen
  }
}

export const isNewAggregate: AggregateDefinition = {
  name: 'isNew',
  doc:
    'Whether the value that the event being scored has in the column was never seen in the other events of the window: true over nothing. ' +
    'Null where its own value is null, and where no event is scored.',
  formula: 'x of the event being scored ∉ {x}',
  example: 'isNew(payments.device_id)',
  empty: null,
  cost: 'O(rows until it is found); no memory',
  reference: 'SQL:2016, x not in (select x)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  readsCurrent: true,
  unit: 'none',
  result: () => ({ kind: 'bool', nullable: true, list: false }),
  fold: (input) => new IsNew(input),
}

/**
 * Whether the event being scored is the first of the window with its value in the column: a device never used before. True over nothing. Null
 * where its own value is null, and in a service that scores no event of the source (which `check` refuses).
 */
export function isNew<C extends Column>(column: C): Aggregate<SourceOf<C>, boolean | null> {
  return startAggregate({ aggregate: 'isNew', column, excludeCurrent: true })
}
