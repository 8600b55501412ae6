import type { FoldInput } from '../aggregate.ts'
import { Moments } from '../moments.ts'
import { ColumnFold } from './column-fold.ts'

/** A fold that keeps the exact number, sum and sum of squares of a column. */
export abstract class MomentsFold extends ColumnFold {
  protected readonly moments: Moments

  constructor(input: FoldInput) {
    super(input)
    this.moments = new Moments(input.type)
  }

  reset(): void {
    this.moments.reset()
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    this.moments.addRows(cells, mask, from, to)
  }
}
