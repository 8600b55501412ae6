import type { FoldInput } from '../aggregate.ts'
import type { Rows } from '../rows.ts'
import { ColumnFold } from './column-fold.ts'

/** A fold that keeps the cells of at most `n` rows, in the order in which they are served. */
export abstract class ListedCells extends ColumnFold {
  protected found: number[] = []
  protected readonly n: number

  constructor(input: FoldInput) {
    super(input)
    this.n = input.params.n as number
  }

  reset(): void {
    this.found.length = 0
  }

  value(rows: Rows): (string | number | boolean)[] {
    return this.found.map((cell) => rows.decode(this.column, cell))
  }
}
