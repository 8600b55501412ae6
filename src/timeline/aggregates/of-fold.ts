import type { FeatureValue, Fold, FoldInput } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

/** A fold over the rows that pass `where` (mask 1), each with whether the filter that the aggregate is made from holds for it. */
export abstract class OfFold implements Fold {
  readonly #of: number
  readonly #where: number

  constructor({ of, where }: FoldInput) {
    this.#of = of
    this.#where = where
  }

  abstract reset(): void

  add(rows: Rows, from: number, to: number): void {
    this.addRows(rows.masks[this.#of]!, rows.masks[this.#where]!, from, to, rows)
  }

  /** Adds rows `from` to `to`: all that were added before are newer. */
  protected abstract addRows(of: Uint8Array, mask: Uint8Array, from: number, to: number, rows: Rows): void

  abstract value(rows: Rows): FeatureValue
}
