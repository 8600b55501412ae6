import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import { CellFold } from './column-fold.ts'

class First extends CellFold {
  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      if (mask[i] !== 1 || Number.isNaN(cells[i]!)) continue
      // Every later range is older, so what it finds replaces this.
      this.cell = cells[i]!
      return
    }
  }
}

export const firstAggregate: AggregateDefinition = {
  name: 'first',
  doc: 'Value of the column in the oldest event of the window, by (time, id). Null is skipped. Null over nothing.',
  formula: 'x of the oldest row',
  example: 'first(payments.merchant_id)',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'SQL:2016, first_value(x) ignore nulls, by (time, id)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: true, list: false }),
  fold: (input) => new First(input),
}

/** The oldest value of a column, by (time, id). Null is skipped. Over nothing: null. */
export function first<C extends Column>(column: C): Aggregate<SourceOf<C>, ValueOf<C> | null> {
  return startAggregate({ aggregate: 'first', column })
}
