import { RowIndex } from './row-index.ts'

const index = new RowIndex()

/**
 * The same timeline without duplicate and beaten rows, ascending by (time, unsigned id), and without the rows at or before
 * `expired_ms` (null: none expires). Tombstones stay until they expire, as an older copy of their event may come again.
 * Answers `rows` itself where there is nothing to do. `told` learns how many copies of the version that won differed from it. Throws a RowError for bytes that are not rows.
 */
export function compact(rows: Uint8Array, expired_ms: number | null, told?: { conflicts: number }): Uint8Array {
  index.index(rows, null, expired_ms ?? Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, true)
  if (told !== undefined) told.conflicts = index.conflicts
  let length = 0
  for (let i = 0; i < index.count; i++) length += index.view.getUint16(index.offsets[i]!, true)
  if (length === rows.length && !index.untidy) return rows
  const compacted = new Uint8Array(length)
  let end = 0
  for (let i = 0; i < index.count; i++) {
    const offset = index.offsets[i]!
    const size = index.view.getUint16(offset, true)
    compacted.set(index.bytes.subarray(offset, offset + size), end)
    end += size
  }
  return compacted
}

/** The union of two timelines: every row of both, one winner of each (time, id). */
export function union(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return compact(both, null)
}
