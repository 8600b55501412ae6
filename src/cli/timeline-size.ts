import { timelinePrefix } from '../features/timeline-key.ts'
import type { OnlineStore, TimelineKey } from '../stores/online-store.ts'

/** Entities that are counted: some seconds of a store's work, which also serves. */
const ENTITIES_MAX = 100_000

/** Entities whose bytes are read. */
const SAMPLE = 2_000
const BATCH = 200

/** What a store holds of a timeline. */
export interface TimelineSize {
  readonly entities: number
  /** Of their rows, by those that were read. */
  readonly bytes: number
  /** False where there are more entities than were counted: there are at least so many. */
  readonly whole: boolean
}

/** Counts the entities of a timeline, and takes the bytes of some for those of all. */
export async function timelineSize(store: OnlineStore, fingerprint: string): Promise<TimelineSize> {
  const sample: TimelineKey[] = []
  let entities = 0
  let whole = true
  for await (const key of store.keys(timelinePrefix(fingerprint))) {
    if (entities === ENTITIES_MAX) {
      whole = false
      break
    }
    entities++
    if (sample.length < SAMPLE) sample.push(key)
  }
  let bytes = 0
  for (let i = 0; i < sample.length; i += BATCH) {
    for (const rows of await store.read(sample.slice(i, i + BATCH))) bytes += rows?.length ?? 0
  }
  return { entities, bytes: sample.length === 0 ? 0 : Math.round((bytes / sample.length) * entities), whole }
}
