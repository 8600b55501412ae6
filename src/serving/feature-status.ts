import type { SourceModel } from '../features/model.ts'

/**
 * Why a value may not be trusted, worst last; a feature with nothing to tell is `ok`, which is never sent.
 * `stale`: the stream of its source is behind. `incomplete`: its window begins before what the store holds.
 * `missing`: its key is null. `error`: it could not be computed.
 */
export const STATUS_NAMES = ['ok', 'stale', 'incomplete', 'missing', 'error'] as const

export type FeatureStatus = Exclude<(typeof STATUS_NAMES)[number], 'ok'>

// Numbers, so that the worse of two is the greater and a vector of them is a few bytes.
export const OK = 0
export const STALE = 1
export const INCOMPLETE = 2
export const MISSING = 3
export const ERROR = 4

/**
 * A source whose watermark is further behind now than this is stale: a stream that keeps up is behind by less than a
 * second, so a minute is neither noise nor late to tell.
 */
export const STALE_MS = 60_000

/** A source without a stream has no watermark and is not stale; one with a stream and none is. */
export function isStale(source: SourceModel, watermark_ms: number | null, now_ms: number): boolean {
  return watermark_ms === null ? source.streamed : now_ms - watermark_ms > STALE_MS
}
