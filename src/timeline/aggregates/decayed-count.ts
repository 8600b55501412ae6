import { type Aggregate, type AggregateDefinition, type Fold, type FoldInput, startAggregate } from '../aggregate.ts'
import type { DurationText } from '../duration.ts'
import { DoubleSum } from '../exact-sum.ts'
import type { Rows } from '../rows.ts'
import { decayed, halfLife, refuseHalfLife } from './half-life.ts'

class DecayedCount implements Fold {
  readonly #sum: DoubleSum
  readonly #where: number
  readonly #half_life_ms: number

  constructor(input: FoldInput) {
    this.#sum = new DoubleSum()
    this.#where = input.where
    this.#half_life_ms = input.params.half_life_ms as number
  }

  reset(): void {
    this.#sum.reset()
  }

  add(rows: Rows, from: number, to: number): void {
    const { at_ms, times } = rows
    const mask = rows.masks[this.#where]!
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] === 1) this.#sum.add(decayed(1, (at_ms - times[i]!) / this.#half_life_ms))
    }
  }

  value(): number {
    return this.#sum.value()
  }
}

export const decayedCountAggregate: AggregateDefinition = {
  name: 'decayedCount',
  doc:
    'Number of events in which one counts half after each half-life, from its time to the instant asked for. To 1e-12. ' +
    '0 over nothing.',
  formula: 'Σ 2^(-(t - time) / halfLife)',
  example: "decayedCount('1h')",
  empty: 0,
  cost: 'O(n), a power for each row; no memory',
  reference: 'G. Cormode et al., "Forward Decay" (2009), exponential decay',
  takes: [],
  refuse: refuseHalfLife,
  result: () => ({ kind: 'double', nullable: false, list: false }),
  fold: (input) => new DecayedCount(input),
}

/**
 * Number of events in which one counts half after each half-life (`'1s'` to `'400d'`): `decayedCount('1h').over('1d')`. Over
 * nothing: 0.
 */
export function decayedCount<const D extends string>(half: DurationText<D>): Aggregate<never, number> {
  return startAggregate({ aggregate: 'decayedCount', params: halfLife('decayedCount', half) })
}
