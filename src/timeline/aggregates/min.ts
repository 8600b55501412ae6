import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import { CellFold } from './column-fold.ts'

class Minimum extends CellFold {
  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    let best = this.cell
    for (let i = from; i < to; i++) {
      const cell = cells[i]!
      // A null cell is NaN: the comparison is false, so it never wins.
      if (mask[i] === 1 && (cell < best || (Number.isNaN(best) && !Number.isNaN(cell)))) best = cell
    }
    this.cell = best
  }
}

export const minAggregate: AggregateDefinition = {
  name: 'min',
  doc: 'Lowest value of the column; money in minor units. Null is skipped. Null over nothing.',
  formula: 'min x',
  example: 'min(payments.amount)',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'SQL:2016, min(x)',
  takes: ['int', 'money', 'double'],
  result: (type) => ({ kind: type?.kind ?? 'double', nullable: true, list: false }),
  fold: (input) => new Minimum(input),
}

/** Lowest value of a number column; money in minor units. Null is skipped. Over nothing: null. */
export function min<C extends Column>(column: Numeric<'min', C>): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'min', column: column as Column })
}
