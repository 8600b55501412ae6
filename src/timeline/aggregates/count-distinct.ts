import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import type { Rows } from '../rows.ts'

/** Counts codes by marking each in an array: for columns whose values are codes below a known bound. */
class DistinctCodes implements Fold {
  #seen = new Uint8Array(64)
  #count = 0
  readonly #column: number
  readonly #where: number
  constructor(column: number, where: number) {
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#seen.fill(0)
    this.#count = 0
  }

  add(rows: Rows, from: number, to: number): void {
    const codes = rows.codes(this.#column)
    if (this.#seen.length < codes) {
      const grown = new Uint8Array(codes * 2)
      grown.set(this.#seen)
      this.#seen = grown
    }
    const seen = this.#seen
    const values = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      const code = values[i]!
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

class DistinctNumbers implements Fold {
  readonly #seen = new Set<number>()
  readonly #column: number
  readonly #where: number
  constructor(column: number, where: number) {
    this.#column = column
    this.#where = where
  }

  reset(): void {
    this.#seen.clear()
  }

  add(rows: Rows, from: number, to: number): void {
    const values = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      const value = values[i]!
      if (mask[i] === 1 && !Number.isNaN(value)) this.#seen.add(value)
    }
  }

  value(): number {
    return this.#seen.size
  }
}

export const countDistinctAggregate: AggregateDefinition = {
  name: 'countDistinct',
  doc: 'Number of different values of the column, exact. Null is skipped. 0 over nothing.',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: () => ({ kind: 'count', nullable: false, list: false }),
  fold: ({ type, column, where }) =>
    type?.kind === 'string' || type?.kind === 'enum' || type?.kind === 'bool'
      ? new DistinctCodes(column, where)
      : new DistinctNumbers(column, where),
}

/** Number of different values of a column, exact. Null is skipped. Over nothing: 0. */
export function countDistinct<C extends Column>(column: C): Aggregate<SourceOf<C>, number> {
  return startAggregate({ aggregate: 'countDistinct', column })
}
