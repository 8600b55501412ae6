import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf } from '../column.ts'
import { DoubleSum } from '../exact-sum.ts'
import { CountsFold } from './counts-fold.ts'

class Entropy extends CountsFold {
  readonly #sum: DoubleSum

  constructor(input: FoldInput) {
    super(input)
    this.#sum = new DoubleSum()
  }

  value(): number | null {
    if (this.total === 0) return null
    // Added exactly, so that the order in which the values were met is of no matter.
    this.#sum.reset()
    for (const times of this.counts) this.#sum.add((times / this.total) * Math.log2(this.total / times))
    return this.#sum.value()
  }
}

export const entropyAggregate: AggregateDefinition = {
  name: 'entropy',
  doc:
    'Shannon entropy, in bits, of how often the values of the column occur: 0 where all are equal, log2(d) where each of d values is ' +
    'as common. To 1e-12. Null is skipped. Null over nothing.',
  formula: 'Σ p log₂(1 / p), with p = |rows of x| / n of each different x',
  example: 'entropy(payments.merchant_id)',
  empty: null,
  cost: 'O(n); memory of the different values',
  reference: 'C. E. Shannon, "A Mathematical Theory of Communication" (1948)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  unit: 'none',
  result: () => ({ kind: 'double', nullable: true, list: false }),
  fold: (input) => new Entropy(input),
}

/**
 * Shannon entropy, in bits, of how often the values of a column occur: low for a card that always pays in one shop. Null is skipped.
 * Over equal values: 0. Over nothing: null.
 */
export function entropy<C extends Column>(column: C): Aggregate<SourceOf<C>, number | null> {
  return startAggregate({ aggregate: 'entropy', column })
}
