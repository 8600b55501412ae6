import { ColumnFold } from './column-fold.ts'

/** Below this many numbers a sort by insertion beats a call of the engine's. */
const INSERTION_SORT_MAX = 32

/** A fold that keeps all numbers of a column. */
export abstract class SortedFold extends ColumnFold {
  protected count = 0
  #numbers = new Float64Array(64)
  /** How many of them are in order. */
  #sorted = 0

  reset(): void {
    this.count = 0
    this.#sorted = 0
  }

  protected addCells(cells: Float64Array, mask: Uint8Array, from: number, to: number): void {
    this.#hold(this.count + to - from)
    const numbers = this.#numbers
    let count = this.count
    for (let i = to - 1; i >= from; i--) {
      if (mask[i] === 1 && !Number.isNaN(cells[i]!)) numbers[count++] = cells[i]!
    }
    this.count = count
  }

  /** The numbers in ascending order: of an array that is longer than `count`. */
  protected ascending(): Float64Array {
    const { count } = this
    const numbers = this.#numbers
    if (count - this.#sorted <= INSERTION_SORT_MAX && count <= 2 * INSERTION_SORT_MAX) {
      for (let i = Math.max(1, this.#sorted); i < count; i++) {
        const x = numbers[i]!
        let j = i - 1
        while (j >= 0 && numbers[j]! > x) {
          numbers[j + 1] = numbers[j]!
          j--
        }
        numbers[j + 1] = x
      }
    } else if (this.#sorted < count) numbers.subarray(0, count).sort()
    this.#sorted = count
    return numbers
  }

  #hold(length: number): void {
    if (length <= this.#numbers.length) return
    const grown = new Float64Array(length * 2)
    grown.set(this.#numbers)
    this.#numbers = grown
  }
}
