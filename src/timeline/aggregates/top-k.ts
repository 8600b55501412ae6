import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { CountsFold } from './counts-fold.ts'
import { refuseLength } from './list-length.ts'

class TopK extends CountsFold {
  readonly #k: number

  constructor(input: FoldInput) {
    super(input)
    this.#k = input.params.k as number
  }

  value(rows: Rows): (string | number | boolean)[] {
    return this.mostFrequent(this.#k, rows)
  }
}

export const topKAggregate: AggregateDefinition = {
  name: 'topK',
  doc:
    'The k values of the column that occur most often, most often first, ties by value ascending (texts by code points, false before ' +
    'true); exact. Null is skipped. [] over nothing.',
  formula: 'k different x by |rows of x| descending, x ascending',
  example: 'topK(payments.merchant_id, 3)',
  empty: [],
  cost: 'O(n + d log d) for d different values; memory of the different values',
  reference: 'ClickHouse, topK, made exact',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  refuse: ({ k }) => refuseLength(k),
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: false, list: true }),
  fold: (input) => new TopK(input),
}

/**
 * The `k` values of a column that occur most often, most often first, ties by value ascending; `k` is 1 to 1,000. Exact. Null is
 * skipped. Over nothing: [].
 */
export function topK<C extends Column>(column: C, k: number): Aggregate<SourceOf<C>, ValueOf<C>[]> {
  return startAggregate({ aggregate: 'topK', column, params: { k } })
}
