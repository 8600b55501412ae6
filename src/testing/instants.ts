import { readAt } from '../serving/instant.ts'
import { type Duration, durationMs } from '../timeline/duration.ts'

/** ISO 8601 in UTC. */
export function formatIso(time_ms: number): string {
  return new Date(time_ms).toISOString()
}

/** The instant a duration later, or, with -1, earlier. Throws a RangeError for what is no duration. */
export function shifted(from_ms: number, duration: Duration, sign: 1 | -1): number {
  return readAt(from_ms + sign * durationMs(duration))!
}

/** Most instants and events of one series: a step of the wrong unit is told, and does not fill the memory. */
const SERIES_MAX = 100_000

/**
 * The instants from `from_ms` up to and with `until_ms`, a step apart. Throws a RangeError where they are none, or more than
 * 100,000.
 */
export function instantsBetween(from_ms: number, until_ms: number, step: Duration): number[] {
  const step_ms = durationMs(step)
  if (until_ms < from_ms) {
    throw new RangeError(`${formatIso(until_ms)} is before ${formatIso(from_ms)}: write the earlier instant first`)
  }
  const count = checkedCount(Math.floor((until_ms - from_ms) / step_ms) + 1)
  return Array.from({ length: count }, (_, i) => from_ms + i * step_ms)
}

/** Throws a RangeError for a number of events that is none, or too large. */
export function checkedCount(count: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= SERIES_MAX) return count
  throw new RangeError(`${count} is no length of a series: write a whole number from 0 to ${SERIES_MAX}`)
}
