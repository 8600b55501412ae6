/** A duration as definitions write it: a whole number of seconds, minutes, hours or days. `'5m'`, `'7d'`. */
export type Duration = `${bigint}${'s' | 'm' | 'h' | 'd'}`

/** A text that is a duration as it is, any other as a sentence. */
export type DurationText<T extends string> = T extends Duration
  ? T extends `-${string}` | `0${string}`
    ? `'${T}' is too short: a duration is at least 1s`
    : T
  : `'${T}' is not a duration: write a whole number of s, m, h or d, as '7d'`

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The shortest and the longest window: below a second nothing is asked for, above 400 days memory would not be honest. */
export const WINDOW_MS_MIN = UNIT_MS.s
export const WINDOW_MS_MAX = 400 * UNIT_MS.d

/** Milliseconds of a duration, or null where the text is not one (`'0d'`, `'07d'`, `'1w'`, `'1.5h'`). */
export function parseDuration(text: string): number | null {
  const match = /^([1-9][0-9]{0,9})([smhd])$/.exec(text)
  if (match === null) return null
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
}

/** Whether it is a duration that a window or a delay may have. */
export function isSpan(duration: unknown): duration is Duration {
  const ms = typeof duration === 'string' ? parseDuration(duration) : null
  return ms !== null && ms >= WINDOW_MS_MIN && ms <= WINDOW_MS_MAX
}

/** Milliseconds of a duration that was checked before. Throws a RangeError otherwise. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new RangeError(`'${text}' is not a duration: write a whole number of s, m, h or d, as '7d'`)
  return ms
}

/** The shortest way to write a number of milliseconds, for people: `604800000` is `'7d'`, `1500` is `'1500ms'`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNIT_MS[unit] && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`
  }
  return `${ms}ms`
}
