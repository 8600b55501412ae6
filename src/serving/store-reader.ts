import type { ClockMode } from '../features/clock.ts'
import type { OnlineStore, TimelineKey } from '../stores/online-store.ts'
import { ServingError } from './serving-error.ts'
import type { StoreProgress } from './store-progress.ts'
import { TimelineRecords } from './timeline-records.ts'

/** What is true while one request, or one batch of them, is answered. */
export interface Present {
  readonly now_ms: number
  /** Rows may be pruned by the clock: not while past data is replayed (L9). */
  readonly prunes: boolean
  /** Of each source asked for: every event that reached the log before this instant is counted; null: not known. */
  readonly watermarks: readonly (number | null)[]
}

/** The bytes of timelines, and what was true before they were read. */
export interface StoredTimelines {
  readonly present: Present
  readonly stored: readonly (Uint8Array | null)[]
}

export interface StoreReaderOptions {
  readonly store: OnlineStore
  /** What "now" means, in epoch milliseconds: the instant of an answer whose request gives none. */
  readonly now: () => number
  readonly clock: ClockMode
  /** By source: every event that reached the log before this instant is in the store; null: not known. */
  readonly watermark: (source: string) => number | null
  /** Where other processes carry the streams: what the store proves of itself. */
  readonly progress?: StoreProgress
}

/** Reads timelines together with what may be claimed of them. */
export class StoreReader {
  readonly records: TimelineRecords
  readonly #options: StoreReaderOptions

  constructor(options: StoreReaderOptions) {
    this.#options = options
    this.records = new TimelineRecords(options.store, options.progress ?? null)
  }

  /**
   * The bytes of timelines, and what was true before they were read: so whatever is claimed of them holds. Throws a
   * ServingError where the store cannot be read.
   */
  async read(keys: readonly TimelineKey[], sources: readonly string[]): Promise<StoredTimelines> {
    const { store, now, clock, watermark } = this.#options
    for (;;) {
      const { epoch } = this.records
      const present = { now_ms: now(), prunes: clock === 'wall', watermarks: sources.map(watermark) }
      let stored: readonly (Uint8Array | null)[]
      try {
        stored = await store.read(keys)
      } catch (cause) {
        const cure = 'ask again: nothing is wrong with the request'
        throw new ServingError('STORE_FAILED', 'the online store could not be read', { cure, cause })
      }
      // Coverage that was noted while reading may be of rows that were not there yet, and what was known of the streams may have been of rows
      // that the store has lost since.
      const held = sources.every((source, i) => holds(present.watermarks[i]!, watermark(source)))
      if (held && epoch === this.records.epoch) return { present, stored }
    }
  }
}

/** Whether a watermark that was claimed is no later than the one of now. */
function holds(claimed_ms: number | null, now_ms: number | null): boolean {
  return claimed_ms === null || (now_ms !== null && claimed_ms <= now_ms)
}
