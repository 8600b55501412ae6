import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import { refuseLength } from './list-length.ts'
import { ListedCells } from './listed-cells.ts'

class LastN extends ListedCells {
  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    for (let i = to - 1; i >= from && this.found.length < this.n; i--) {
      if (mask[i] === 1 && !Number.isNaN(cells[i]!)) this.found.push(cells[i]!)
    }
  }
}

export const lastNAggregate: AggregateDefinition = {
  name: 'lastN',
  doc:
    'Values of the column in the newest n events of the window that have one, newest first, by (time, id); ' +
    'equal values stay. [] over nothing.',
  formula: 'x of the n newest rows, newest first',
  example: 'lastN(payments.merchant_id, 5)',
  empty: [],
  cost: 'O(rows until n values); memory of n values',
  reference: 'Chronon, LAST_K',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  refuse: ({ n }) => refuseLength(n),
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: false, list: true }),
  fold: (input) => new LastN(input),
}

/** The newest `n` values of a column, newest first, by (time, id); `n` is 1 to 1,000. Null is skipped. Over nothing: []. */
export function lastN<C extends Column>(column: C, n: number): Aggregate<SourceOf<C>, ValueOf<C>[]> {
  return startAggregate({ aggregate: 'lastN', column, params: { n } })
}
