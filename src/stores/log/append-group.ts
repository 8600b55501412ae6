import type { LogAppend } from '../event-log.ts'
import type { Topic } from './embedded-layout.ts'
import { pack, packEnd } from './packed-messages.ts'
import { partitionOf } from './partition-hash.ts'

type Place = { partition: number; offset: number }

/** A call of `append` that waits for its transaction. */
export interface PendingAppend {
  readonly topic: string
  readonly messages: readonly LogAppend[]
  readonly bytes: number
  readonly resolve: (places: Place[]) => void
  readonly reject: (error: unknown) => void
}

/** What one partition gets. */
interface PartitionAppend {
  readonly topic: Topic
  readonly partition: number
  readonly messages: Uint8Array[]
  readonly append_ms: number
}

/** Calls that become one transaction: their messages by partition, each with its place. */
export class AppendGroup {
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #now_ms: number
  readonly #calls: { readonly pending: PendingAppend; readonly places: Place[] }[] = []
  /** By topic, then by partition. */
  readonly #appends = new Map<string, (PartitionAppend | undefined)[]>()
  #bytes = 0

  constructor(topics: ReadonlyMap<string, Topic>, now_ms: number) {
    this.#topics = topics
    this.#now_ms = now_ms
  }

  get bytes(): number {
    return this.#bytes
  }

  get topics(): Iterable<string> {
    return this.#appends.keys()
  }

  add(pending: PendingAppend): void {
    const topic = this.#topics.get(pending.topic)!
    const appends = this.#appends.get(topic.name) ?? new Array<PartitionAppend | undefined>(topic.partitions)
    this.#appends.set(topic.name, appends)
    const places: Place[] = []
    for (const { key, value } of pending.messages) {
      const partition = partitionOf(key, topic.partitions)
      const held = topic.held[partition]!
      let append = appends[partition]
      if (append === undefined) {
        append = { topic, partition, messages: [], append_ms: Math.max(held.last_ms, this.#now_ms) }
        appends[partition] = append
      }
      places.push({ partition, offset: held.end + append.messages.length })
      append.messages.push(value)
    }
    this.#calls.push({ pending, places })
    this.#bytes += pending.bytes
  }

  /** What is to be put. */
  values(): { key: number[]; value: Buffer }[] {
    const values: { key: number[]; value: Buffer }[] = []
    for (const { topic, partition, messages, append_ms } of this.#all()) {
      for (let from = 0; from < messages.length; ) {
        const to = packEnd(messages, from)
        const key = [topic.number, partition, topic.held[partition]!.end + from]
        values.push({ key, value: pack(messages, from, to, append_ms) })
        from = to
      }
    }
    return values
  }

  /** All is on disk: the partitions end later, and every call has its answer. */
  done(): void {
    for (const { topic, partition, messages, append_ms } of this.#all()) {
      const held = topic.held[partition]!
      held.end += messages.length
      held.last_ms = append_ms
    }
    for (const { pending, places } of this.#calls) pending.resolve(places)
  }

  fail(error: unknown): void {
    for (const { pending } of this.#calls) pending.reject(error)
  }

  *#all(): Generator<PartitionAppend> {
    for (const appends of this.#appends.values()) for (const append of appends) if (append !== undefined) yield append
  }
}
