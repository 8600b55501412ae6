import type { FeatureModel } from '../features/model.ts'
import { coveredSince, type TimelineRecord } from '../stores/timeline-registry.ts'
import { isStale } from './feature-status.ts'

/** How far a feature may be trusted now, before any request. */
export interface FeatureHealth {
  /** `unserved`: the store does not know its timeline yet. */
  readonly status: 'ok' | 'stale' | 'incomplete' | 'unserved'
  /** Since when its rows are complete, event time in epoch milliseconds; 0: since ever; null: not at all. */
  readonly complete_since_ms: number | null
  /** Null where it is ok. */
  readonly why: string | null
}

export interface Now {
  readonly now_ms: number
  /** Whether rows beyond the retention are removed, as they are unless the clock follows history. */
  readonly prunes: boolean
}

/** By what the store says of the feature's timeline (null: it knows none), and how far the stream is (null: not known). */
export function featureHealth(
  { timeline, columns, window_ms, delay_ms }: FeatureModel,
  record: TimelineRecord | null,
  watermark_ms: number | null,
  { now_ms, prunes }: Now,
): FeatureHealth {
  const { source } = timeline
  if (record === null) {
    return { status: 'unserved', complete_since_ms: null, why: 'the online store does not know its timeline yet' }
  }
  const read = columns.map((column) => source.columns[column]!)
  const since_ms = coveredSince(record, read)
  if (since_ms === null) {
    const why = record.coverage.reason ?? 'a column that it reads is new: a backfill is due'
    return { status: 'incomplete', complete_since_ms: null, why }
  }
  // Where the clock follows history, values of any time are asked for.
  const begins_ms = prunes ? now_ms - window_ms - delay_ms : 0
  if (begins_ms < since_ms) {
    const [from, since] = [begins_ms, since_ms].map((ms) => new Date(ms).toISOString())
    const why = prunes
      ? `its window begins at ${from}, and rows are complete since ${since} only`
      : `rows are complete since ${since} only`
    return { status: 'incomplete', complete_since_ms: since_ms, why }
  }
  if (isStale(source, watermark_ms, now_ms)) {
    const why =
      watermark_ms === null
        ? `it is not known how far the stream of ${source.name} is`
        : `the stream of ${source.name} is at ${new Date(watermark_ms).toISOString()}`
    return { status: 'stale', complete_since_ms: since_ms, why }
  }
  return { status: 'ok', complete_since_ms: since_ms, why: null }
}
