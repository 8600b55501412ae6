import type { FeatureValue, Fold, FoldInput } from '../aggregate.ts'
import type { Rows } from '../rows.ts'

/** A fold over the values of one column. Cells that are NaN are null; only rows whose mask is 1 count. */
export abstract class ColumnFold implements Fold {
  protected readonly column: number
  protected readonly where: number

  constructor(input: FoldInput) {
    this.column = input.column
    this.where = input.where
  }

  abstract reset(): void

  add(rows: Rows, from: number, to: number): void {
    this.addCells(rows.columns[this.column]!, rows.masks[this.where]!, from, to, rows)
  }

  /** Adds cells `from` to `to`: all that were added before are newer. */
  protected abstract addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number, rows: Rows): void

  abstract value(rows: Rows): FeatureValue
}

/** A fold that keeps one cell: NaN while there is none. */
export abstract class CellFold extends ColumnFold {
  protected cell = Number.NaN

  reset(): void {
    this.cell = Number.NaN
  }

  value(rows: Rows): FeatureValue {
    return Number.isNaN(this.cell) ? null : rows.decode(this.column, this.cell)
  }
}
