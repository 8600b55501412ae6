import type { SourceModel } from '../features/model.ts'
import type { Outcome } from '../features/topic-router.ts'
import type { TimelineAppend } from '../stores/online-store.ts'
import { addToAll } from '../stores/timeline-writer.ts'
import { SourceTally } from './source-tally.ts'
import { pendingBytes, type TopicWriters } from './topic-writers.ts'

/** Whether a partition has more at hand for a batch; `moved`: the marks must be looked at first. */
export type Taken = 'more' | 'enough' | 'moved'

/** Bytes of rows, and of refused events, that a batch is to have at most: far below what a store or a log takes at once. */
const BYTES_MAX = 16 * 1024 * 1024

/** A batch that is encoded, and on its way to the store or there. */
export class TopicBatch {
  /** By partition: the offset behind it. */
  readonly next = new Map<number, number>()
  readonly watermarks_ms = new Map<number, number>()
  readonly tallies: ReadonlyMap<SourceModel, SourceTally>
  messages = 0
  readonly #writers: TopicWriters
  #refusedBytes = 0

  constructor(sources: readonly SourceModel[], writers: TopicWriters) {
    this.tallies = new Map(sources.map((source) => [source, new SourceTally(source)]))
    this.#writers = writers
  }

  get isFull(): boolean {
    return this.#refusedBytes + pendingBytes(this.#writers) > BYTES_MAX
  }

  /** Encodes the events of a message for every timeline of their sources, or puts it aside. */
  add(outcomes: readonly Outcome[], partition: number, offset: number, value: Uint8Array): void {
    for (const { source, events, refusal } of outcomes) {
      if (events === null) {
        this.#refuse(source, partition, offset, value, refusal)
        continue
      }
      try {
        addToAll(this.#writers.get(source)!, events)
        this.tallies.get(source)!.add(events, offset)
      } catch (error) {
        this.#refuse(source, partition, offset, value, error instanceof Error ? error.message : String(error))
      }
    }
  }

  /** The rows of all events. `now_ms` null: nothing expires. */
  takeAppends(now_ms: number | null): TimelineAppend[] {
    const appends: TimelineAppend[] = []
    for (const [source, writers] of this.#writers) {
      const tally = this.tallies.get(source)!
      for (const writer of writers) {
        tally.rows += writer.rows
        for (const append of writer.take(now_ms)) appends.push(append)
      }
    }
    return appends
  }

  #refuse(source: SourceModel, partition: number, offset: number, value: Uint8Array, reason: string): void {
    this.#refusedBytes += value.length
    this.tallies.get(source)!.refuse(partition, offset, value, reason)
  }
}
