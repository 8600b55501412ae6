import type { FeatureMap, Fold, KeyValue } from './aggregate.ts'
import type { Rows } from './rows.ts'
import { compareValues } from './value-order.ts'

/** Most keys of a map: an answer must stay small. */
export const PER_KEYS_MAX = 100

interface Group {
  readonly fold: Fold
  rows: number
}

/** One fold for each value of a column, and a map of the values of those with most rows. */
export class PerFold implements Fold {
  readonly #column: number
  readonly #where: number
  readonly #limit: number
  readonly #make: () => Fold
  /** By cell of the key column. */
  readonly #groups = new Map<number, Group>()
  /** Folds of reads before: as many keys as some entity had. */
  readonly #spare: Fold[] = []

  /** `make` gives the fold of one key. */
  constructor(column: number, where: number, limit: number, make: () => Fold) {
    this.#column = column
    this.#where = where
    this.#limit = limit
    this.#make = make
  }

  reset(): void {
    for (const { fold } of this.#groups.values()) this.#spare.push(fold)
    this.#groups.clear()
  }

  /** Rows of one key that follow each other are added in one go. */
  add(rows: Rows, from: number, to: number): void {
    const cells = rows.columns[this.#column]!
    const mask = rows.masks[this.#where]!
    for (let end = to; end > from; ) {
      const cell = cells[end - 1]!
      let start = end - 1
      let passed = mask[start]!
      while (start > from && cells[start - 1] === cell) passed += mask[--start]!
      if (passed > 0 && !Number.isNaN(cell)) {
        const group = this.#group(cell)
        group.rows += passed
        group.fold.add(rows, start, end)
      }
      end = start
    }
  }

  value(rows: Rows): FeatureMap {
    const found = [...this.#groups].map(([cell, group]) => ({ key: rows.decode(this.#column, cell), group }))
    found.sort((a, b) => b.group.rows - a.group.rows || compareValues(a.key, b.key))
    const map: Record<string, KeyValue> = Object.create(null)
    for (const { key, group } of found.slice(0, this.#limit)) map[String(key)] = group.fold.value(rows) as KeyValue
    return map
  }

  #group(cell: number): Group {
    const known = this.#groups.get(cell)
    if (known !== undefined) return known
    const fold = this.#spare.pop() ?? this.#make()
    fold.reset()
    const group = { fold, rows: 0 }
    this.#groups.set(cell, group)
    return group
  }
}
