import { type Aggregate, type AggregateDefinition, type FoldInput, startAggregate } from '../aggregate.ts'
import type { Column, Numeric, SourceOf } from '../column.ts'
import type { DurationText } from '../duration.ts'
import { DoubleSum } from '../exact-sum.ts'
import type { Rows } from '../rows.ts'
import { ColumnFold } from './column-fold.ts'
import { decayed, halfLife, refuseHalfLife } from './half-life.ts'

class DecayedSum extends ColumnFold {
  readonly #sum: DoubleSum
  readonly #half_life_ms: number

  constructor(input: FoldInput) {
    super(input)
    this.#sum = new DoubleSum()
    this.#half_life_ms = input.params.half_life_ms as number
  }

  reset(): void {
    this.#sum.reset()
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void {
    const { at_ms, times } = rows
    for (let i = to - 1; i >= from; i--) {
      const x = cells[i]!
      if (mask[i] === 1 && !Number.isNaN(x)) this.#sum.add(decayed(x, (at_ms - times[i]!) / this.#half_life_ms))
    }
  }

  value(): number {
    return this.#sum.value()
  }
}

export const decayedSumAggregate: AggregateDefinition = {
  name: 'decayedSum',
  doc:
    'Sum of the column in which a value counts half after each half-life, from its event to the instant asked for; money in minor ' +
    'units. To 1e-12 of the sum of the sizes of what is added. Null is skipped. 0 over nothing.',
  formula: 'Σ x · 2^(-(t - time) / halfLife)',
  example: "decayedSum(payments.amount, '1h')",
  empty: 0,
  cost: 'O(n), a power for each row; no memory',
  reference: 'G. Cormode et al., "Forward Decay" (2009), exponential decay',
  takes: ['int', 'money', 'double'],
  refuse: refuseHalfLife,
  result: () => ({ kind: 'double', nullable: false, list: false }),
  fold: (input) => new DecayedSum(input),
}

/**
 * Sum of a number column in which a value counts half after each half-life (`'1s'` to `'400d'`): `decayedSum(payments.amount,
 * '1h').over('1d')`. Money in minor units. Null is skipped. Over nothing: 0.
 */
export function decayedSum<C extends Column, const D extends string>(
  column: Numeric<'decayedSum', C>,
  half: DurationText<D>,
): Aggregate<SourceOf<C>, number> {
  const params = halfLife('decayedSum', half)
  return startAggregate({ aggregate: 'decayedSum', column: column as Column, params })
}
