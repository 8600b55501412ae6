/** The longest that a random wait can get: longer ones help no server, and callers have given up. */
const WAIT_MS_MAX = 2_000

/** The longest that a server's `Retry-After` is followed. */
const RETRY_AFTER_MS_MAX = 30_000

/**
 * How long to wait before a retry: exponential back-off with full jitter, a random time from 0 to `first_ms` doubled with each retry, so
 * that callers who failed together do not come back together. What the server asked for comes before it.
 */
export function waitBefore_ms(
  retry: number,
  first_ms: number,
  retryAfter_ms: number | null,
  random: () => number,
): number {
  const jitter_ms = random() * Math.min(WAIT_MS_MAX, first_ms * 2 ** (retry - 1))
  return Math.min(retryAfter_ms ?? 0, RETRY_AFTER_MS_MAX) + jitter_ms
}

/** What a `Retry-After` header says: seconds, or a date. Null where it says nothing that is understood. */
export function readRetryAfter_ms(header: string | null, now_ms: number): number | null {
  if (header === null) return null
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000
  const date_ms = Date.parse(header)
  return Number.isNaN(date_ms) ? null : Math.max(0, date_ms - now_ms)
}
