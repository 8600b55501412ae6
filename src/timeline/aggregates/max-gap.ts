import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Rows } from '../rows.ts'
import { quoteValue } from '../shown-value.ts'
import { GapFold } from './gap-fold.ts'

class MaximumGap extends GapFold {
  #longest_ms = Number.NaN
  readonly #toNow: boolean

  constructor(where: number, toNow: boolean) {
    super(where)
    this.#toNow = toNow
  }

  override reset(): void {
    super.reset()
    this.#longest_ms = Number.NaN
  }

  protected override addGap(gap_ms: number): void {
    if (!(gap_ms <= this.#longest_ms)) this.#longest_ms = gap_ms
  }

  value(rows: Rows): number | null {
    if (this.#toNow && this.count > 0) {
      const open_ms = rows.at_ms - this.newest_ms
      return this.count === 1 ? open_ms : Math.max(this.#longest_ms, open_ms)
    }
    return this.count < 2 ? null : this.#longest_ms
  }
}

export const maxGapAggregate: AggregateDefinition = {
  name: 'maxGap',
  doc:
    'Longest time between one event of the window and the next, in milliseconds. With `toNow`, the time from the newest event to ' +
    'the instant asked for counts as well. Null over fewer than two events (with `toNow`: over nothing).',
  formula: 'max(t[i+1] - t[i])',
  example: 'maxGap()',
  empty: null,
  cost: 'O(n); no memory',
  reference: 'Inter-event times of a point process (Daley and Vere-Jones, 2003)',
  takes: [],
  result: () => ({ kind: 'duration_ms', nullable: true, list: false }),
  fold: ({ where, params }) => new MaximumGap(where, params.toNow === 1),
}

/**
 * Milliseconds of the longest gap between one event and the next. `toNow`: a gap that is still open counts, from the newest event to the
 * instant asked for. Over fewer than two events (with `toNow`: over nothing): null.
 */
export function maxGap(options: { readonly toNow?: boolean } = {}): Aggregate<never, number | null> {
  const { toNow = false, ...others } = Object(options) as { toNow?: unknown }
  const isKnown = typeof options === 'object' && options !== null && Object.keys(others).length === 0
  if (!isKnown || typeof toNow !== 'boolean') {
    const shown = isKnown ? `toNow: ${quoteValue(toNow)}` : [...Object.keys(others), quoteValue(options)][0]
    throw new TypeError(`maxGap() takes nothing or { toNow: true }, not ${shown}`)
  }
  return startAggregate({ aggregate: 'maxGap', params: toNow ? { toNow: 1 } : {} })
}
