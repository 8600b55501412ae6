import type { TimelineModel } from '../features/model.ts'
import { evolveTimeline, SINCE_EVER_MS, type TimelineRecord } from '../stores/timeline-registry.ts'

/** What a store says of a timeline that it holds in full: for answers without a store. */
export function completeRecord(timeline: TimelineModel): TimelineRecord {
  const record = evolveTimeline(null, timeline, {}, 0)
  const columns = Object.fromEntries(record.schemas.columns.map((_, column) => [column, SINCE_EVER_MS]))
  return { ...record, coverage: { since_ms: SINCE_EVER_MS, columns, reason: null, proof: [] } }
}
