import type { Model } from '../features/model.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { asWritten, isRegistered, readTimelines, SINCE_EVER_MS, updateTimeline } from '../stores/timeline-registry.ts'
import type { EngineClock } from './engine-clock.ts'

/**
 * Says since when timelines of sources without an archive are complete: the stream is all there is of them, so from the
 * moment that it began to write a column. Under `clock: 'history'` the log is the whole history, if it still has its beginning.
 */
export async function coverUnarchived(store: OnlineStore, model: Model, clock: EngineClock): Promise<void> {
  const records = await readTimelines(store)
  for (const timeline of model.timelines.values()) {
    const record = records.get(timeline.fingerprint)
    if (record === undefined || timeline.source.archive !== null || !isRegistered(record, timeline)) continue
    const { coverage, handover } = record
    const { columns } = asWritten(record, timeline).schemas.schemas[0]!
    if (coverage.since_ms !== null && columns.every((column) => column in coverage.columns)) continue
    const { positions } = handover
    const fromBeginning = positions !== null && Object.values(positions).every((offset) => offset === 0)
    const since_ms = clock.mode === 'history' && fromBeginning ? SINCE_EVER_MS : clock.wall()
    await updateTimeline(store, timeline.fingerprint, (found) => {
      if (!isRegistered(found, timeline)) return found
      const covered = Object.fromEntries(columns.map((column) => [column, since_ms]))
      return {
        ...found,
        coverage: {
          ...found.coverage,
          since_ms: found.coverage.since_ms ?? since_ms,
          columns: { ...covered, ...found.coverage.columns },
          reason: null,
        },
      }
    })
  }
}
