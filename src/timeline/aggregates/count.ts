import { type Aggregate, type AggregateDefinition, type Fold, startAggregate } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

class Count implements Fold {
  #count = 0
  readonly #where: number
  constructor(where: number) {
    this.#where = where
  }

  reset(): void {
    this.#count = 0
  }

  add(rows: Rows, from: number, to: number): void {
    if (this.#where === 0) {
      this.#count += to - from
      return
    }
    const mask = rows.masks[this.#where]!
    let count = 0
    for (let i = from; i < to; i++) count += mask[i]!
    this.#count += count
  }

  value(): number {
    return this.#count
  }
}

export const countAggregate: AggregateDefinition = {
  name: 'count',
  doc: 'Number of events in the window for which the filter holds. 0 over nothing.',
  formula: '|rows|',
  example: 'count()',
  empty: 0,
  cost: 'O(n) with a filter, else O(1); no memory',
  reference: 'SQL:2016, count(*)',
  takes: [],
  result: () => ({ kind: 'count', nullable: false, list: false }),
  fold: (input) => new Count(input.where),
}

/** Number of events. Over nothing: 0. */
export function count(): Aggregate<never, number> {
  return startAggregate({ aggregate: 'count' })
}
