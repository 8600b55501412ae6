import { formatDuration, parseDuration, WINDOW_MS_MAX, WINDOW_MS_MIN } from '../../timeline/duration.ts'
import { quoteValue } from '../../timeline/shown-value.ts'
import type { Report } from './report.ts'

/** Milliseconds of a duration of at most 400 days; null, after telling why, for anything else. `what`: as `lookback is`. */
export function checkDuration(report: Report, what: string, duration: unknown): number | null {
  const ms = typeof duration === 'string' ? parseDuration(duration) : null
  if (ms === null) {
    const cure = `write a whole number of s, m, h or d, as '7d'`
    report.error(`${what} ${quoteValue(duration)}, which is not a duration`, cure)
    return null
  }
  if (ms < WINDOW_MS_MIN || ms > WINDOW_MS_MAX) {
    const [shortest, longest] = [formatDuration(WINDOW_MS_MIN), formatDuration(WINDOW_MS_MAX)]
    report.error(`${what} '${duration}', which is too long`, `use '${shortest}' to '${longest}'`)
    return null
  }
  return ms
}
