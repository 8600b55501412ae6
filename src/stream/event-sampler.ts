import type { ParsedEvent, SourceModel } from '../features/model.ts'
import type { LogBatch } from '../stores/event-log.ts'
import type { SampledEvent } from '../stores/event-sample.ts'

/** Between two that are taken: what costs a write each must not slow the stream. */
const EVERY_MS = 15_000

/** Ids are kept as they are: longer ones would make the sample large. */
const ID_CHARACTERS_MAX = 256

/** Takes an event now and then of what a stream carries, to be looked for in the archive later. */
export class EventSampler {
  readonly #source: SourceModel
  readonly #now: () => number
  #due_ms = Number.NEGATIVE_INFINITY

  /** `now`: wall clock, epoch milliseconds. */
  constructor(source: SourceModel, now: () => number) {
    this.#source = source
    this.#now = now
  }

  /** The last event of what was read of a partition; null where none is due, or that one will not do. */
  take(partition: number, { baseOffset, values, append_ms }: LogBatch): SampledEvent | null {
    const now_ms = this.#now()
    const last = values.length - 1
    if (last < 0 || now_ms < this.#due_ms) return null
    const event = this.#parsed(values[last]!)
    // A table may have dropped what was deleted.
    if (event === null || event.deleted || event.id.length > ID_CHARACTERS_MAX) return null
    this.#due_ms = now_ms + EVERY_MS
    const { id, time_ms } = event
    return { id, time_ms, append_ms: append_ms[last]!, partition, offset: baseOffset + last }
  }

  #parsed(value: Uint8Array): ParsedEvent | null {
    try {
      return this.#source.parser.parseBytes(value)
    } catch {
      return null
    }
  }
}
