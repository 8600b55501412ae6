import type { OracleEvent } from '../oracle.ts'

/** The times between each event and the next, in milliseconds. */
export function gaps(rows: readonly OracleEvent[]): number[] {
  return rows.slice(1).map((row, i) => row.time_ms - rows[i]!.time_ms)
}
