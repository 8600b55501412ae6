import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import { CellFold } from './column-fold.ts'

/** Keeps the cell of the newest row that has one. */
export class LastCell extends CellFold {
  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    if (!Number.isNaN(this.cell)) return
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] !== 1 || Number.isNaN(cells[i]!)) continue
      this.cell = cells[i]!
      return
    }
  }
}

export const lastAggregate: AggregateDefinition = {
  name: 'last',
  doc: 'Value of the column in the newest event of the window, by (time, id). Null is skipped. Null over nothing.',
  formula: 'x of the newest row',
  example: 'last(payments.merchant_id)',
  empty: null,
  cost: 'O(rows until the first value); no memory',
  reference: 'SQL:2016, last_value(x) ignore nulls, by (time, id)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: true, list: false }),
  fold: (input) => new LastCell(input),
}

/** The newest value of a column, by (time, id). Null is skipped. Over nothing: null. */
export function last<C extends Column>(column: C): Aggregate<SourceOf<C>, ValueOf<C> | null> {
  return startAggregate({ aggregate: 'last', column })
}
