import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRetryAfter_ms, waitBefore_ms } from '../../src/client/backoff.ts'

describe('the wait before a retry', () => {
  it.each<[retry: number, first_ms: number, retryAfter_ms: number | null, random: number, wait_ms: number]>([
    [1, 50, null, 0, 0],
    [1, 50, null, 0.5, 25],
    [2, 50, null, 0.5, 50],
    [3, 50, null, 0.5, 100],
    [6, 50, null, 0.5, 800],
    // The most is 2 s, however often it was doubled.
    [7, 50, null, 0.5, 1_000],
    [60, 50, null, 0.5, 1_000],
    [1, 0, null, 0.9, 0],
    // What the server asks for comes first, and the jitter on top: all were told the same.
    [1, 50, 1_000, 0, 1_000],
    [1, 50, 1_000, 0.5, 1_025],
    [1, 50, 3_600_000, 0, 30_000],
  ])('before retry %i of %i ms, asked for %s, at %s is %i ms', (retry, first_ms, retryAfter_ms, random, wait_ms) => {
    expect(waitBefore_ms(retry, first_ms, retryAfter_ms, () => random)).toBe(wait_ms)
  })

  it('is spread over all of its span', () => {
    const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fraction, (retry, random) => {
        const most_ms = Math.min(2_000, 50 * 2 ** (retry - 1))
        expect(waitBefore_ms(retry, 50, null, () => random)).toBeCloseTo(random * most_ms, 9)
      }),
      { seed: 7 },
    )
  })
})

describe('Retry-After', () => {
  const now_ms = Date.UTC(2026, 0, 2, 3, 4, 5)
  it.each<[header: string | null, wait_ms: number | null]>([
    [null, null],
    ['0', 0],
    ['2', 2_000],
    [' 2 ', 2_000],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['soon', null],
    ['', null],
  ])('%j asks for %s ms', (header, wait_ms) => {
    expect(readRetryAfter_ms(header, now_ms)).toBe(wait_ms)
  })
})
