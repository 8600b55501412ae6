import { setImmediate as turn } from 'node:timers/promises'
import type { SourceModel } from '../features/model.ts'
import { type TopicRouter, topicRouter } from '../features/topic-router.ts'
import { cutOff, type LogBatch, OffsetOutOfRangeError, TopicReplacedError } from '../stores/event-log.ts'
import { MarkMovedError } from '../stores/online-store.ts'
import { sameAssignment } from './assignment.ts'
import { EventSampler } from './event-sampler.ts'
import { PartitionFaults } from './partition-faults.ts'
import { PartitionPlaces, type PartitionProgress } from './partition-places.ts'
import { pause } from './pause.ts'
import { PutAside } from './put-aside.ts'
import { type Taken, TopicBatch } from './topic-batch.ts'
import type { StreamTimeline, TopicStreamOptions } from './topic-stream-options.ts'
import { type TopicWriters, writersOf } from './topic-writers.ts'

/**
 * Messages carried at once at most: enough to pay for a commit to disk or a round trip, and few enough to stay fresh, also in the
 * processor's cache.
 */
export const BATCH_MESSAGES_MAX = 2_500

/** Messages parsed and encoded in one go, about a millisecond: requests of the same process are answered in between. */
const TURN_MESSAGES = 250

/** After a message so long, it is looked at once how much the batch has; after shorter ones, once in a turn. */
const LONG_MESSAGE_BYTES = 4 * 1024

/** How long an idle stream sleeps at most: its watermark is at most so old, and it stops within this time. */
const IDLE_MS_MAX = 500

/** How often a stream that has nothing to write looks at its marks. */
const VERIFY_MS = 1_000

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 5_000

/**
 * Carries the events of one topic from the log to the timelines of its sources: rows first, then the marks (L11), batch by batch, of
 * which the next is read and encoded while the last is on its way. So one mark proves all that its sources had of the topic. Holds no
 * state but positions that the marks can give back at any moment.
 */
export class TopicStream {
  readonly #options: TopicStreamOptions
  #timelines: readonly StreamTimeline[]
  #writers: TopicWriters
  readonly #route: TopicRouter
  readonly #places = new PartitionPlaces()
  readonly #faults = new PartitionFaults()
  readonly #aside: PutAside
  readonly #samplers: ReadonlyMap<SourceModel, EventSampler>
  /** The partitions that were this worker's when the marks were last taken up; null: before that. */
  #assigned: readonly number[] | null = null
  /** The partition that is read first has the next one's turn after it. */
  #turn = 0
  #sent: { readonly batch: TopicBatch; readonly done: Promise<void> } | null = null
  /** The store holds less than it did: what it knows of timelines may be less, too. */
  #wentBack = false
  #verified_ms = 0
  /** The trouble that was told of last. */
  #told: string | null = null
  #applied = 0
  /** Which topic of its name it reads; null: whichever there is. */
  #topicId: string | null = null

  constructor(options: TopicStreamOptions) {
    this.#options = options
    this.#timelines = options.timelines
    this.#writers = writersOf(options.sources, options.timelines)
    this.#aside = new PutAside(options.onQuarantine)
    this.#route = topicRouter(options.sources)
    const sampled = options.onSample === undefined ? [] : options.sources.filter(({ archive }) => archive !== null)
    this.#samplers = new Map(sampled.map((source) => [source, new EventSampler(options.now)]))
  }

  /** Messages that were carried since the start. */
  get applied(): number {
    return this.#applied
  }

  /** Every event of this worker's partitions that reached the log before this instant is counted; null before the first look at them. */
  get watermark_ms(): number | null {
    return this.#places.watermark_ms
  }

  get topic(): string {
    return this.#options.sources[0]!.topic
  }

  /** By name. */
  get sources(): readonly SourceModel[] {
    return this.#options.sources
  }

  /** Of this worker's partitions. */
  get progress(): PartitionProgress[] {
    return this.#places.progress
  }

  /** By partition: the next offset to carry. */
  get positions(): ReadonlyMap<number, number> {
    return this.#places.positions
  }

  /** Runs until the signal is aborted; a batch that was begun is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { maxBatch = BATCH_MESSAGES_MAX, linger_ms = 0 } = this.#options
    let retry_ms = RETRY_MS_MIN
    while (!signal.aborted) {
      try {
        const messages = await this.#advance()
        if (messages === 0) await this.#idle(signal)
        else if (linger_ms > 0 && messages < maxBatch) await pause(linger_ms, signal)
        retry_ms = RETRY_MS_MIN
        this.#tell(this.#faults.error)
      } catch (error) {
        if (signal.aborted) return
        this.#assigned = null
        if (error instanceof MarkMovedError) {
          this.moved(error)
          continue
        }
        this.#tell(error)
        await pause(retry_ms, signal)
        retry_ms = Math.min(retry_ms * 2, RETRY_MS_MAX)
      }
    }
    // What it did not write, another will.
    await this.#settle().catch(() => {})
  }

  /** The store went back or another writer is ahead: the marks say from where to replay. */
  moved({ found, move }: MarkMovedError): void {
    this.#assigned = null
    this.#wentBack ||= found === null || found < (move.from ?? 0)
  }

  /** Carries one batch; answers whether there was anything. Throws also what reading one of the partitions failed with. */
  async step(): Promise<boolean> {
    const carried = await this.#carry()
    if (this.#faults.error !== null) throw this.#faults.error
    return carried
  }

  async #carry(): Promise<boolean> {
    const messages = await this.#advance()
    await this.#settle()
    return messages > 0
  }

  /** Null: all is well. */
  #tell(error: unknown): void {
    const message = error === null || error instanceof Error ? (error?.message ?? null) : String(error)
    if (message !== this.#told) this.#options.onTrouble?.(message)
    this.#told = message
  }

  /** Reads and encodes a batch, and sends it when the one before has arrived. Answers how many messages it has. */
  async #advance(): Promise<number> {
    const { log, group, sources, maxBatch = BATCH_MESSAGES_MAX } = this.#options
    const assigned = await log.assigned(group, this.topic)
    if (this.#wentBack || !sameAssignment(assigned, this.#assigned)) {
      await this.#settle()
      await this.#locate(assigned)
    }
    await this.#renew()
    const batch = new TopicBatch(sources, this.#writers)
    const partitions = [...this.#places.positions.keys()]
    const first = this.#turn++ % Math.max(1, partitions.length)
    for (const partition of [...partitions.slice(first), ...partitions.slice(0, first)]) {
      let taken: Taken = this.#faults.isDue(partition) ? 'more' : 'enough'
      while (taken === 'more' && batch.messages < maxBatch && !batch.isFull) {
        taken = await this.#take(partition, maxBatch - batch.messages, batch)
      }
      if (taken === 'moved') return maxBatch
    }
    await this.#settle()
    if (batch.next.size > 0) await this.#send(batch)
    else {
      // Read to their end, and all that was read has arrived.
      this.#places.reached(batch.next, batch.watermarks_ms)
      if (performance.now() - this.#verified_ms > VERIFY_MS) await this.verify()
    }
    return batch.messages
  }

  /** Adds to a batch what a partition has next. */
  async #take(partition: number, messagesMax: number, batch: TopicBatch): Promise<Taken> {
    const position = batch.next.get(partition) ?? this.#places.positions.get(partition)!
    const looked_ms = this.#options.now()
    const read = await this.#read(partition, position, messagesMax)
    if (read === 'moved') return 'moved'
    if (read === 'failed') return 'enough'
    const { baseOffset, values, append_ms } = read
    // Where the log holds nothing but notes of its own, the mark moves on, too.
    if (read.nextOffset > position) batch.next.set(partition, read.nextOffset)
    if (values.length === 0) {
      batch.watermarks_ms.set(partition, read.asOf_ms ?? looked_ms)
      return 'enough'
    }
    let taken = 0
    while (taken < values.length) {
      const value = values[taken]!
      batch.add(this.#route(value), partition, baseOffset + taken, value)
      taken++
      const turns = (batch.messages + taken) % TURN_MESSAGES === 0
      if (turns) await turn()
      if ((turns || value.length > LONG_MESSAGE_BYTES) && batch.isFull) break
    }
    // What is left over is read again.
    if (taken < values.length) batch.next.set(partition, baseOffset + taken)
    for (const [source, sampler] of this.#samplers) batch.tallies.get(source)!.sampled(sampler, partition, read)
    batch.messages += taken
    batch.watermarks_ms.set(partition, append_ms[taken - 1]!)
    return read.more === true ? 'more' : 'enough'
  }

  async #send(batch: TopicBatch): Promise<void> {
    const { store, group, expires, now } = this.#options
    for (const [source, { refused }] of batch.tallies) await this.#aside.add(source, refused)
    const appends = batch.takeAppends(expires ? now() : null)
    const moves = [...batch.next].map(([partition, offset]) => ({
      group,
      topic: this.topic,
      partition,
      from: this.#places.marks.get(partition) ?? null,
      offset,
    }))
    for (const [partition, offset] of batch.next) this.#places.positions.set(partition, offset)
    const done = store.append(appends, moves)
    // Whether it failed is asked when the next one is ready.
    done.catch(() => {})
    this.#sent = { batch, done }
  }

  /** Waits until the batch that was sent has arrived. Throws what the store throws. */
  async #settle(): Promise<void> {
    if (this.#sent === null) return
    const { batch, done } = this.#sent
    this.#sent = null
    await done
    const { next, watermarks_ms, tallies, messages } = batch
    const { log, group, onApplied, onSample } = this.#options
    this.#places.reached(next, watermarks_ms)
    this.#aside.clear()
    this.#applied += messages
    for (const [source, tally] of messages > 0 ? tallies : []) {
      onApplied?.(source, tally.applied(messages))
      if (tally.sample !== null) await onSample?.(source, tally.sample)
    }
    // Committed positions only tell people and the trimmer; the marks are what counts.
    await log.commit(group, this.topic, next, this.#topicId)
  }

  /** Looks whether the marks are where they were left: whoever has nothing to write would not see it if the store went back. */
  async verify(): Promise<void> {
    const { store, group } = this.#options
    const found = new Map<number, number>()
    for (const mark of await store.marks(group)) if (mark.topic === this.topic) found.set(mark.partition, mark.offset)
    this.#verified_ms = performance.now()
    for (const [partition, mark] of this.#places.marks) {
      const offset = found.get(partition) ?? null
      if (offset === mark) continue
      this.#assigned = null
      this.#wentBack ||= offset === null || offset < (mark ?? 0)
    }
  }

  /** Takes up the marks of the partitions to read: where there is none, the earliest message that the log still has. */
  async #locate(assigned: readonly number[]): Promise<void> {
    const { log, store, group, enter, identify } = this.#options
    this.#assigned = null
    this.#topicId = (await identify?.()) ?? null
    const find = async () => (await store.marks(group)).filter((mark) => mark.topic === this.topic)
    let marks = await find()
    const unmarked = assigned.some((partition) => !marks.some((mark) => mark.partition === partition))
    if ((this.#wentBack || unmarked) && enter !== undefined) {
      this.#renewWith(await enter())
      marks = await find()
    }
    this.#wentBack = false
    const ranges = await log.ranges(this.topic)
    this.#places.keep(assigned)
    this.#faults.keep(assigned)
    for (const { partition, start } of ranges) {
      if (!assigned.includes(partition)) continue
      this.#places.goOn(partition, marks.find((one) => one.partition === partition)?.offset ?? null, start)
    }
    // What an attempt that failed had encoded is encoded again.
    this.#drop()
    this.#assigned = assigned
  }

  /** Forgets what was encoded and not written. */
  #drop(): void {
    for (const writers of this.#writers.values()) for (const writer of writers) writer.take(null)
  }

  async #renew(): Promise<void> {
    const { current } = this.#options
    if (current !== undefined) this.#renewWith(await current())
  }

  #renewWith(timelines: readonly StreamTimeline[]): void {
    if (timelines === this.#timelines) return
    this.#timelines = timelines
    this.#writers = writersOf(this.#options.sources, timelines)
  }

  /** `moved`: the marks must be looked at first. `failed`: others may be read meanwhile. */
  async #read(partition: number, position: number, messagesMax: number): Promise<LogBatch | 'moved' | 'failed'> {
    const { log, store, group } = this.#options
    try {
      const read = await log.read(this.topic, partition, position, messagesMax, this.#topicId)
      this.#faults.well(partition)
      return read
    } catch (error) {
      if (error instanceof TopicReplacedError) throw error
      if (!(error instanceof OffsetOutOfRangeError)) {
        this.#faults.failed(partition, error)
        return 'failed'
      }
      await this.#settle()
      if (position > error.end) {
        await this.#options.onCutOff?.()
        throw cutOff(this.topic, partition, position, error.end, 'counted')
      }
      if (position >= error.start) return 'moved'
      const from = this.#places.marks.get(partition) ?? null
      const now = (await store.marks(group)).find((mark) => mark.topic === this.topic && mark.partition === partition)
      this.#drop()
      // What others have carried, and the log has dropped since, is not lost: the marks are looked at again.
      this.#assigned = null
      this.#aside.clear()
      if ((now?.offset ?? null) !== from) return 'moved'
      await this.#options.onGap(partition, position, error.start)
      await store.append([], [{ group, topic: this.topic, partition, from, offset: error.start }])
      return 'moved'
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    // Wait first, then look once more: what came between the empty read and the wait is not slept through.
    const appended = log.wait(this.topic, IDLE_MS_MAX)
    // Nobody may be there any more to hear that it failed.
    appended.catch(() => {})
    if (!signal.aborted && !(await this.#carry())) await appended
  }
}
