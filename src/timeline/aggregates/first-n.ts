import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import { refuseLength } from './list-length.ts'
import { ListedCells } from './listed-cells.ts'

class FirstN extends ListedCells {
  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    const older: number[] = []
    for (let i = from; i < to && older.length < this.n; i++) {
      if (mask[i] === 1 && !Number.isNaN(cells[i]!)) older.push(cells[i]!)
    }
    // What was found before is newer than all of these.
    for (let i = 0; older.length < this.n && i < this.found.length; i++) older.push(this.found[i]!)
    this.found = older
  }
}

export const firstNAggregate: AggregateDefinition = {
  name: 'firstN',
  doc:
    'Values of the column in the oldest n events of the window that have one, oldest first, by (time, id); ' +
    'equal values stay. [] over nothing.',
  formula: 'x of the n oldest rows, oldest first',
  example: 'firstN(payments.merchant_id, 5)',
  empty: [],
  cost: 'O(rows until n values, for each window); memory of n values',
  reference: 'Chronon, FIRST_K',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  refuse: ({ n }) => refuseLength(n),
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: false, list: true }),
  fold: (input) => new FirstN(input),
}

/** The oldest `n` values of a column, oldest first, by (time, id); `n` is 1 to 1,000. Null is skipped. Over nothing: []. */
export function firstN<C extends Column>(column: C, n: number): Aggregate<SourceOf<C>, ValueOf<C>[]> {
  return startAggregate({ aggregate: 'firstN', column, params: { n } })
}
