import type { LogAppend } from '../../event-log.ts'
import { RECORD_OVERHEAD } from './record-batch-writer.ts'

/** A batch stays below what brokers take by default (1 MiB and 12 bytes); one message alone may be longer. */
const BATCH_BYTES_MAX = 900 * 1024

type Place = { partition: number; offset: number }

/** A call of `append` that waits for the brokers. */
export class AppendCall {
  readonly topic: string
  readonly messages: readonly LogAppend[]
  readonly bytes: number
  /** Monotonic clock: it fails if it is not on its way by then. */
  readonly due_ms: number
  readonly places: Place[]
  readonly #resolve: (places: Place[]) => void
  readonly #reject: (error: unknown) => void
  #open: number
  #failed = false

  constructor(
    topic: string,
    messages: readonly LogAppend[],
    bytes: number,
    due_ms: number,
    resolve: (places: Place[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.topic = topic
    this.messages = messages
    this.bytes = bytes
    this.due_ms = due_ms
    this.places = new Array(messages.length)
    this.#open = messages.length
    this.#resolve = resolve
    this.#reject = reject
  }

  /** It was told so: whatever else it has is of no use to anybody. */
  get failed(): boolean {
    return this.#failed
  }

  placed(index: number, place: Place): void {
    this.places[index] = place
    if (--this.#open === 0) this.#resolve(this.places)
  }

  fail(error: unknown): void {
    this.#failed = true
    this.#reject(error)
  }
}

/** Messages of one partition that go as one batch, from whatever calls. */
export class AppendBatch {
  readonly topic: string
  readonly partition: number
  readonly messages: LogAppend[] = []
  readonly #parts: { readonly call: AppendCall; readonly index: number }[] = []
  #bytes = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Whether nobody waits for it any more. */
  get isGivenUp(): boolean {
    return this.#parts.every(({ call }) => call.failed)
  }

  /** Adds a message; false: it is full. */
  add(call: AppendCall, index: number): boolean {
    const message = call.messages[index]!
    const bytes = 3 * message.key.length + message.value.length + RECORD_OVERHEAD
    if (this.#bytes > 0 && this.#bytes + bytes > BATCH_BYTES_MAX) return false
    this.#bytes += bytes
    this.messages.push(message)
    this.#parts.push({ call, index })
    return true
  }

  /** The same messages in two batches. */
  halves(): [AppendBatch, AppendBatch] {
    const { topic, partition } = this
    const halves: [AppendBatch, AppendBatch] = [new AppendBatch(topic, partition), new AppendBatch(topic, partition)]
    for (const [i, { call, index }] of this.#parts.entries())
      halves[2 * i < this.#parts.length ? 0 : 1].add(call, index)
    return halves
  }

  placed(baseOffset: number): void {
    for (const [i, { call, index }] of this.#parts.entries()) {
      call.placed(index, { partition: this.partition, offset: baseOffset + i })
    }
  }

  fail(error: unknown): void {
    for (const { call } of this.#parts) call.fail(error)
  }
}

/** Divides calls into batches: by partition, those of one partition in order. */
export function batchesOf(
  calls: readonly AppendCall[],
  partitionOf: (topic: string, key: string) => number,
): AppendBatch[][] {
  const partitions = new Map<string, AppendBatch[]>()
  for (const call of calls) {
    for (const [index, { key }] of call.messages.entries()) {
      const partition = partitionOf(call.topic, key)
      const name = `${call.topic}/${partition}`
      let batches = partitions.get(name)
      if (batches === undefined) {
        batches = [new AppendBatch(call.topic, partition)]
        partitions.set(name, batches)
      }
      if (batches.at(-1)!.add(call, index)) continue
      const next = new AppendBatch(call.topic, partition)
      next.add(call, index)
      batches.push(next)
    }
  }
  return [...partitions.values()]
}
