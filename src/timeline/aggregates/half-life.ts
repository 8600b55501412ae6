import type { Params } from '../aggregate.ts'
import { formatDuration, parseDuration, WINDOW_MS_MAX, WINDOW_MS_MIN } from '../duration.ts'
import { quoteValue } from '../shown-value.ts'

/** Of the half-lives that a power of two may be of a double: beyond, it has fewer bits. */
const HALVES_MAX = 1_000

/** The half-life of an aggregate that decays, as parameter. Throws a TypeError for what is not a duration. */
export function halfLife(aggregate: string, text: unknown): Params {
  const ms = typeof text === 'string' ? parseDuration(text) : null
  if (ms === null) {
    const shown = quoteValue(text)
    throw new TypeError(`${aggregate}() needs a half-life, not ${shown}: write a whole number of s, m, h or d, as '1h'`)
  }
  return { half_life_ms: ms }
}

/** What is wrong with a half-life; null where nothing is. */
export function refuseHalfLife({ half_life_ms }: Params): { readonly message: string; readonly cure: string } | null {
  const ms = half_life_ms as number
  if (ms >= WINDOW_MS_MIN && ms <= WINDOW_MS_MAX) return null
  const [shortest, longest] = [formatDuration(WINDOW_MS_MIN), formatDuration(WINDOW_MS_MAX)]
  return { message: `a half-life of ${formatDuration(ms)}`, cure: `use '${shortest}' to '${longest}'` }
}

/** What is left of `x` after `halves` half-lives. In two steps after many, as the share alone may then be no double. */
export function decayed(x: number, halves: number): number {
  return halves <= HALVES_MAX ? x * 2 ** -halves : x * 2 ** -HALVES_MAX * 2 ** (HALVES_MAX - halves)
}
