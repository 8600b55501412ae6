import type { Value } from './column-type.ts'
import type { FilterNode } from './filter.ts'
import { compileMask } from './mask.ts'
import { RowColumns, type WantedColumn } from './row-columns.ts'
import { RowIndex } from './row-index.ts'
import type { RowSchemas } from './row-schema.ts'

/** One row of a timeline, for people. */
export interface ListedRow {
  readonly time_ms: number
  /** The hash of the event's id: 16 hexadecimal digits. */
  readonly idHash: string
  readonly version: number
  /** By name: money in minor units, times as ISO 8601. */
  readonly columns: Readonly<Record<string, Value>>
}

export interface RowListing {
  /** The newest rows, newest first, by (time, id). */
  readonly rows: readonly ListedRow[]
  /** How many there are in all. */
  readonly total: number
}

/**
 * The winning rows with `after_ms < time <= until_ms` that pass `where`, at most `limit` of them. `columns` must hold those that
 * `where` reads; `current`, one row, takes the place of every stored row of its id (L5). Throws a RowError for bytes that are not
 * rows, or are of a schema that the registry does not have.
 */
export function listRows(
  stored: Uint8Array | null,
  schemas: RowSchemas,
  columns: readonly WantedColumn[],
  window: { readonly after_ms: number; readonly until_ms: number },
  where: FilterNode | null,
  limit: number,
  current: Uint8Array | null = null,
): RowListing {
  const index = new RowIndex()
  index.index(stored, current, window.after_ms, window.until_ms)
  const cells = new RowColumns(columns, schemas)
  cells.decode(index)
  const mask = new Uint8Array(index.count).fill(1)
  if (where !== null) {
    const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
    compileMask(where, cells, columnOf)(mask, index.count)
  }
  const rows: ListedRow[] = []
  let total = 0
  for (let i = index.count - 1; i >= 0; i--) {
    // `current` is indexed whatever its time.
    const time_ms = index.times[i]!
    if (mask[i] === 0 || time_ms <= window.after_ms || time_ms > window.until_ms) continue
    total++
    if (rows.length < limit) rows.push(listedRow(index, cells, columns, i))
  }
  return { rows, total }
}

function listedRow(index: RowIndex, cells: RowColumns, columns: readonly WantedColumn[], row: number): ListedRow {
  const offset = index.offsets[row]!
  const low = index.view.getUint32(offset + 12, true)
  const high = index.view.getUint32(offset + 16, true)
  const values = columns.map(({ name }, column): [string, Value] => {
    const cell = cells.columns[column]![row]!
    return [name, Number.isNaN(cell) ? null : cells.value(column, cell)]
  })
  return {
    time_ms: index.times[row]!,
    idHash: hex(high) + hex(low),
    version: index.version(offset),
    columns: Object.fromEntries(values),
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
