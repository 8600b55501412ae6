import fc from 'fast-check'
import type { OracleEvent } from '../oracle.ts'

export const randomHalfLife = fc
  .constantFrom(1_000, 2_500, 60_000, 34_560_000_000)
  .map((half_life_ms) => ({ half_life_ms }))

/** The share of an event that is left at an instant. */
export function weight(event: OracleEvent, at_ms: number, half_life_ms: number): number {
  return 2 ** (-(at_ms - event.time_ms) / half_life_ms)
}
