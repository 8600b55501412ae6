/**
 * The rows of one timeline as columns: one winner of each (time, id), ascending by (time, unsigned id), no tombstones.
 * The arrays are scratch memory of the reader that filled them: longer than `count`, and overwritten by the next read.
 */
export interface Rows {
  /** The instant that the windows end at, in epoch milliseconds. */
  at_ms: number
  count: number
  /** The row of the event being scored, whether or not a window holds it; -1 where there is none. */
  current: number
  /** Event time in epoch milliseconds. */
  times: Float64Array
  /**
   * Values of each decoded column: numbers and times as they are, bool as 0 or 1, enum and string as a code
   * (equal codes, equal values). NaN is null.
   */
  columns: Float64Array[]
  /** One byte a row for each filter: 1 where it holds. Mask 0 holds everywhere. */
  masks: Uint8Array[]
  /** The value behind a cell that is not NaN. */
  decode(column: number, code: number): string | number | boolean
  /** How many different codes a string or enum column has: every code is below it. */
  codes(column: number): number
}

/** Writes into `mask`, for each of `count` rows, 1 where something holds and 0 where it does not. */
export type MaskFill = (mask: Uint8Array, count: number) => void
