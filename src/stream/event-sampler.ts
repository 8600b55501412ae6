import type { ParsedEvent } from '../features/model.ts'
import type { SampledEvent } from '../stores/event-sample.ts'

/** Between two that are taken: what costs a write each must not slow the stream. */
const EVERY_MS = 15_000

/** Ids are kept as they are: longer ones would make the sample large. */
const ID_CHARACTERS_MAX = 256

/** Takes an event now and then of what a stream carries of a source, to be looked for in the archive later. */
export class EventSampler {
  readonly #now: () => number
  #due_ms = Number.NEGATIVE_INFINITY

  /** `now`: wall clock, epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** The last event of what was read of a partition; null where none is due, or that one will not do. */
  take(last: ParsedEvent | null, place: Omit<SampledEvent, 'id' | 'time_ms'>): SampledEvent | null {
    const now_ms = this.#now()
    if (last === null || now_ms < this.#due_ms) return null
    // A table may have dropped what was deleted.
    if (last.deleted || last.id.length > ID_CHARACTERS_MAX) return null
    this.#due_ms = now_ms + EVERY_MS
    return { id: last.id, time_ms: last.time_ms, ...place }
  }
}
