import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { SourceModel } from '../features/model.ts'
import { type TopicRouter, topicRouter } from '../features/topic-router.ts'
import { OffsetOutOfRangeError } from '../stores/event-log.ts'
import { MarkMovedError, type TimelineAppend } from '../stores/online-store.ts'
import { asWritten } from '../stores/timeline-registry.ts'
import { addToAll, TimelineWriter } from '../stores/timeline-writer.ts'
import { sameAssignment } from './assignment.ts'
import { EventSampler } from './event-sampler.ts'
import { PartitionPlaces, type PartitionProgress } from './partition-places.ts'
import { SourceTally } from './source-tally.ts'
import type { StreamTimeline, TopicStreamOptions } from './topic-stream-options.ts'

/**
 * Messages carried at once at most: enough to pay for a commit to disk or a round trip, and few enough to stay fresh, also in the
 * processor's cache.
 */
export const BATCH_MESSAGES_MAX = 2_500

/** Messages parsed and encoded in one go, about a millisecond: requests of the same process are answered in between. */
const TURN_MESSAGES = 250

/** How long an idle stream sleeps at most: its watermark is at most so old, and it stops within this time. */
const IDLE_MS_MAX = 500

/** How often a stream that has nothing to write looks at its marks. */
const VERIFY_MS = 1_000

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 5_000

/** A batch that is encoded, and on its way to the store or there. */
interface Batch {
  /** By partition: the offset behind it. */
  readonly next: Map<number, number>
  readonly watermarks_ms: Map<number, number>
  readonly tallies: ReadonlyMap<SourceModel, SourceTally>
  messages: number
}

/**
 * Carries the events of one topic from the log to the timelines of its sources: rows first, then the marks (L11), batch by batch, of
 * which the next is read and encoded while the last is on its way. So one mark proves all that its sources had of the topic. Holds no
 * state but positions that the marks can give back at any moment.
 */
export class TopicStream {
  readonly #options: TopicStreamOptions
  #timelines: readonly StreamTimeline[]
  /** By source, those of its timelines. */
  #writers: ReadonlyMap<SourceModel, readonly TimelineWriter[]>
  readonly #route: TopicRouter
  readonly #places = new PartitionPlaces()
  readonly #samplers: ReadonlyMap<SourceModel, EventSampler>
  /** The partitions that were this worker's when the marks were last taken up; null: before that. */
  #assigned: readonly number[] | null = null
  /** The partition that is read first has the next one's turn after it. */
  #turn = 0
  #sent: { readonly batch: Batch; readonly done: Promise<void> } | null = null
  /** The store holds less than it did: what it knows of timelines may be less, too. */
  #wentBack = false
  #verified_ms = 0
  #applied = 0

  constructor(options: TopicStreamOptions) {
    this.#options = options
    this.#timelines = options.timelines
    this.#writers = writersOf(options)
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
        if (retry_ms !== RETRY_MS_MIN) {
          retry_ms = RETRY_MS_MIN
          this.#options.onTrouble?.(null)
        }
      } catch (error) {
        if (signal.aborted) return
        this.#assigned = null
        if (error instanceof MarkMovedError) {
          this.moved(error)
          continue
        }
        this.#options.onTrouble?.(error instanceof Error ? error.message : String(error))
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

  /** Carries one batch; answers whether there was anything. */
  async step(): Promise<boolean> {
    const messages = await this.#advance()
    await this.#settle()
    return messages > 0
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
    const tallies = new Map(sources.map((source) => [source, new SourceTally(source)]))
    const batch: Batch = { next: new Map(), watermarks_ms: new Map(), tallies, messages: 0 }
    const partitions = [...this.#places.positions.keys()]
    const first = this.#turn++ % Math.max(1, partitions.length)
    for (const partition of [...partitions.slice(first), ...partitions.slice(0, first)]) {
      if (batch.messages >= maxBatch) break
      if (!(await this.#take(partition, maxBatch - batch.messages, batch))) return maxBatch
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

  /** Adds to a batch what a partition has next. Answers false where the marks must be looked at first. */
  async #take(partition: number, messagesMax: number, batch: Batch): Promise<boolean> {
    const position = this.#places.positions.get(partition)!
    const looked_ms = this.#options.now()
    const read = await this.#read(partition, position, messagesMax)
    if (read === null) return false
    // Where the log holds nothing but notes of its own, the mark moves on, too.
    if (read.nextOffset > position) batch.next.set(partition, read.nextOffset)
    if (read.values.length === 0) {
      batch.watermarks_ms.set(partition, read.asOf_ms ?? looked_ms)
      return true
    }
    for (let i = 0; i < read.values.length; i++) {
      this.#add(partition, read.baseOffset + i, read.values[i]!, batch)
      if ((batch.messages + i) % TURN_MESSAGES === TURN_MESSAGES - 1) await turn()
    }
    for (const [source, sampler] of this.#samplers) batch.tallies.get(source)!.sampled(sampler, partition, read)
    batch.messages += read.values.length
    batch.watermarks_ms.set(partition, read.append_ms.at(-1)!)
    return true
  }

  async #send(batch: Batch): Promise<void> {
    const { store, group, expires, now, onQuarantine } = this.#options
    for (const [source, { refused }] of batch.tallies) if (refused.length > 0) await onQuarantine(source, refused)
    const now_ms = expires ? now() : null
    const appends: TimelineAppend[] = []
    for (const [source, writers] of this.#writers) {
      const before = appends.length
      for (const writer of writers) appends.push(...writer.take(now_ms))
      batch.tallies.get(source)!.rows = appends.length - before
    }
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
    this.#applied += messages
    for (const [source, tally] of messages > 0 ? tallies : []) {
      onApplied?.(source, tally.applied(messages))
      if (tally.sample !== null) await onSample?.(source, tally.sample)
    }
    // Committed positions only tell people and the trimmer; the marks are what counts.
    await log.commit(group, this.topic, next)
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
    const { log, store, group, enter } = this.#options
    this.#assigned = null
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
    this.#writers = writersOf({ ...this.#options, timelines })
  }

  async #read(partition: number, position: number, messagesMax: number) {
    const { log, store, group } = this.#options
    try {
      return await log.read(this.topic, partition, position, messagesMax)
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error
      await this.#settle()
      const from = this.#places.marks.get(partition) ?? null
      const now = (await store.marks(group)).find((mark) => mark.topic === this.topic && mark.partition === partition)
      this.#drop()
      // What others have carried, and the log has dropped since, is not lost: the marks are looked at again.
      this.#assigned = null
      if ((now?.offset ?? null) !== from) return null
      await this.#options.onGap(partition, position, error.start)
      await store.append([], [{ group, topic: this.topic, partition, from, offset: error.start }])
      return null
    }
  }

  /** Encodes the events of a message for every timeline of their sources, or puts it aside. */
  #add(partition: number, offset: number, value: Uint8Array, { tallies }: Batch): void {
    for (const { source, events, refusal } of this.#route(value)) {
      const tally = tallies.get(source)!
      if (events === null) {
        tally.refuse(partition, offset, value, refusal)
        continue
      }
      try {
        addToAll(this.#writers.get(source)!, events)
        tally.add(events, offset)
      } catch (error) {
        tally.refuse(partition, offset, value, error instanceof Error ? error.message : String(error))
      }
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    // Wait first, then look once more: what came between the empty read and the wait is not slept through.
    const appended = log.wait(this.topic, IDLE_MS_MAX)
    // Nobody may be there any more to hear that it failed.
    appended.catch(() => {})
    if (!signal.aborted && !(await this.step())) await appended
  }
}

/** Sleeps, at most until the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/** Each writes the fullest schema that its definitions can. */
function writersOf({ sources, timelines }: TopicStreamOptions): Map<SourceModel, TimelineWriter[]> {
  const of = (source: SourceModel) => timelines.filter(({ timeline }) => timeline.source === source)
  const writer = ({ timeline, record }: StreamTimeline) => new TimelineWriter(timeline, asWritten(record, timeline))
  return new Map(sources.map((source) => [source, of(source).map(writer)]))
}
