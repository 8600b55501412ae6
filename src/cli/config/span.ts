const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Milliseconds of a span of a configuration, or null where the text is none. Unlike a duration of a definition it may be in
 * milliseconds, and nothing: `'0ms'`.
 */
export function parseSpan(text: string): number | null {
  const match = /^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text)
  return match === null ? null : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
}
