import type { FeatureValue, Fold } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

/** A fold over the gaps between the events that pass a filter, each of them and the one before it by (time, id); in milliseconds. */
export abstract class GapFold implements Fold {
  protected count = 0
  protected newest_ms = Number.NaN
  protected oldest_ms = Number.NaN
  readonly #where: number

  constructor(where: number) {
    this.#where = where
  }

  reset(): void {
    this.count = 0
    this.newest_ms = Number.NaN
    this.oldest_ms = Number.NaN
  }

  add(rows: Rows, from: number, to: number): void {
    const mask = rows.masks[this.#where]!
    const { times } = rows
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] !== 1) continue
      const time_ms = times[i]!
      if (this.count === 0) this.newest_ms = time_ms
      else this.addGap(this.oldest_ms - time_ms)
      this.oldest_ms = time_ms
      this.count++
    }
  }

  protected addGap(_gap_ms: number): void {}

  abstract value(rows: Rows): FeatureValue
}
