import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { ColumnFold } from './column-fold.ts'

/** Counts codes by marking each in an array: for columns whose values are codes below a known bound. */
class DistinctCodes extends ColumnFold {
  #seen = new Uint8Array(64)
  #count = 0

  reset(): void {
    this.#seen.fill(0)
    this.#count = 0
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    const codes = rows.codes(this.column)
    if (this.#seen.length < codes) {
      const grown = new Uint8Array(codes * 2)
      grown.set(this.#seen)
      this.#seen = grown
    }
    const seen = this.#seen
    for (let i = to - 1; i >= from; i--) {
      const code = cells[i]!
      if (mask[i] === 1 && !Number.isNaN(code) && seen[code] === 0) {
        seen[code] = 1
        this.#count++
      }
    }
  }

  value(): number {
    return this.#count
  }
}

class DistinctNumbers extends ColumnFold {
  readonly #seen = new Set<number>()

  reset(): void {
    this.#seen.clear()
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] === 1 && !Number.isNaN(cells[i]!)) this.#seen.add(cells[i]!)
    }
  }

  value(): number {
    return this.#seen.size
  }
}

/** Kinds whose cells are codes. */
const CODED: ReadonlySet<string> = new Set(['string', 'enum', 'bool'])

export const countDistinctAggregate: AggregateDefinition = {
  name: 'countDistinct',
  doc: 'Number of different values of the column, exact. Null is skipped. 0 over nothing.',
  formula: '|{x}|',
  example: 'countDistinct(payments.merchant_id)',
  empty: 0,
  cost: 'O(n); memory of the different values',
  reference: 'SQL:2016, count(distinct x)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: () => ({ kind: 'count', nullable: false, list: false }),
  fold: (input) => (CODED.has(input.type?.kind ?? 'string') ? new DistinctCodes(input) : new DistinctNumbers(input)),
}

/** Number of different values of a column, exact. Null is skipped. Over nothing: 0. */
export function countDistinct<C extends Column>(column: C): Aggregate<SourceOf<C>, number> {
  return startAggregate({ aggregate: 'countDistinct', column })
}
