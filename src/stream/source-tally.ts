import type { ParsedEvent, SourceModel } from '../features/model.ts'
import type { LogBatch } from '../stores/event-log.ts'
import type { SampledEvent } from '../stores/event-sample.ts'
import type { Quarantined } from '../stores/quarantine.ts'
import type { EventSampler } from './event-sampler.ts'
import type { AppliedBatch } from './topic-stream-options.ts'

/** What a batch under way has of one source. */
export class SourceTally {
  readonly refused: Quarantined[] = []
  rows = 0
  readonly #source: SourceModel
  readonly #times_ms: number[] = []
  #messages = 0
  #sample: SampledEvent | null = null
  /** The last event among those of the partition at hand, and its offset. */
  #last: ParsedEvent | null = null
  #last_offset = 0

  constructor(source: SourceModel) {
    this.#source = source
  }

  /** An event to be looked for in the archive later; null: none is due. */
  get sample(): SampledEvent | null {
    return this.#sample
  }

  /** The message at an offset gave these events. */
  add(events: readonly ParsedEvent[], offset: number): void {
    this.#messages++
    for (const event of events) this.#times_ms.push(event.time_ms)
    this.#last = events.at(-1)!
    this.#last_offset = offset
  }

  /** The message at a place cannot be used, for a reason. */
  refuse(partition: number, offset: number, value: Uint8Array, reason: string): void {
    const { name, topic } = this.#source
    this.#messages++
    this.refused.push({ source: name, topic, partition, offset, value, reason })
  }

  /** A partition was read: its last event goes into the sample, where that is due. */
  sampled(sampler: EventSampler, partition: number, { baseOffset, append_ms }: LogBatch): void {
    const [last, offset] = [this.#last, this.#last_offset]
    this.#last = null
    this.#sample ??= sampler.take(last, { partition, offset, append_ms: append_ms[offset - baseOffset]! })
  }

  /** `messages`: of the whole batch. */
  applied(messages: number): AppliedBatch {
    const times_ms = this.#times_ms
    const newest_ms = times_ms.reduce((newest, ms) => Math.max(newest, ms), 0)
    return { events: this.#messages, passedOver: messages - this.#messages, rows: this.rows, times_ms, newest_ms }
  }
}
