import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { SourceModel, TimelineModel } from '../features/model.ts'
import { type EventLog, OffsetOutOfRangeError } from '../stores/event-log.ts'
import { MarkMovedError, type OnlineStore, type TimelineAppend } from '../stores/online-store.ts'
import type { Quarantined } from '../stores/quarantine.ts'
import { asWritten, type TimelineRecord } from '../stores/timeline-registry.ts'
import { TimelineWriter } from '../stores/timeline-writer.ts'
import { sameAssignment } from './assignment.ts'

/** Messages read from a partition at once at most: large enough to pay for a commit to disk, small enough to stay fresh. */
export const BATCH_MESSAGES_MAX = 2_500

/** Messages parsed and encoded in one go, about a millisecond: requests of the same process are answered in between. */
const TURN_MESSAGES = 250

/** How long an idle stream sleeps at most: its watermark is at most so old, and it stops within this time. */
const IDLE_MS_MAX = 500

/** How often a stream that has nothing to write looks at its marks. */
const VERIFY_MS = 1_000

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 5_000

/** A timeline to write, and what the store knows of it. */
export interface StreamTimeline {
  readonly timeline: TimelineModel
  readonly record: TimelineRecord
}

/** How far one partition is. */
export interface PartitionProgress {
  readonly partition: number
  /** All below it is in the store. */
  readonly offset: number
  /** Every event that reached the partition before this instant is below `offset`; null: not known yet. */
  readonly watermark_ms: number | null
}

/** A batch that is visible now. */
export interface AppliedBatch {
  readonly events: number
  readonly rows: number
  /** Event times, epoch milliseconds. */
  readonly times_ms: readonly number[]
  readonly newest_ms: number
}

export interface SourceStreamOptions {
  readonly log: EventLog
  readonly store: OnlineStore
  readonly group: string
  readonly source: SourceModel
  readonly timelines: readonly StreamTimeline[]
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** False under `clock: 'history'`: nothing expires. */
  readonly expires: boolean
  /** Most messages of one partition in a batch. */
  readonly maxBatch?: number
  /** After a batch that was not full, the next is let grow for so long. Default 0: what has come is carried at once. */
  readonly linger_ms?: number
  /**
   * Enters the group again, as the store forgot marks that were set, or went back: answers the timelines as they are registered
   * then. Left out: a partition without a mark begins at the earliest message.
   */
  readonly enter?: () => Promise<readonly StreamTimeline[]>
  /**
   * The timelines as they are registered at most a second ago, the same object where they are the same: rows must not expire by a
   * retention that others have made longer since. Called with every batch.
   */
  readonly current?: () => Promise<readonly StreamTimeline[]>
  /** Awaited before the marks move past them. */
  readonly onQuarantine: (events: readonly Quarantined[]) => Promise<void> | void
  /** The log no longer has what comes next: the timelines must be made incomplete. Awaited before the stream goes on. */
  readonly onGap: (partition: number, from: number, to: number) => Promise<void>
  /** After rows became visible. */
  readonly onApplied?: (batch: AppliedBatch) => void
  readonly onTrouble?: (message: string | null) => void
}

/**
 * Carries one source's events from the log to its timelines: rows first, then the marks (L11), batch by batch. Holds no state
 * but positions that the marks can give back at any moment.
 */
export class SourceStream {
  readonly #options: SourceStreamOptions
  #timelines: readonly StreamTimeline[]
  #writers: readonly TimelineWriter[]
  readonly #refused: Quarantined[] = []
  readonly #positions = new Map<number, number>()
  /** What the marks in the store were when last seen or set; null: none. */
  readonly #marks = new Map<number, number | null>()
  readonly #watermarks = new Map<number, number>()
  /** The partitions that were this worker's when the marks were last taken up; null: before that. */
  #assigned: readonly number[] | null = null
  /** The store holds less than it did: what it knows of timelines may be less, too. */
  #wentBack = false
  #verified_ms = 0
  #applied = 0

  constructor(options: SourceStreamOptions) {
    this.#options = options
    this.#timelines = options.timelines
    this.#writers = writersOf(options.timelines)
  }

  /** Events that were carried since the start. */
  get applied(): number {
    return this.#applied
  }

  /** Every event of this worker's partitions that reached the log before this instant is counted; null before the first look at them. */
  get watermark_ms(): number | null {
    return this.#watermarks.size === 0 ? null : Math.min(...this.#watermarks.values())
  }

  get source(): SourceModel {
    return this.#options.source
  }

  /** Of this worker's partitions. */
  get progress(): PartitionProgress[] {
    return [...this.#marks].map(([partition, offset]) => ({
      partition,
      offset: offset ?? 0,
      watermark_ms: this.#watermarks.get(partition) ?? null,
    }))
  }

  /** By partition: the next offset to carry. */
  get positions(): ReadonlyMap<number, number> {
    return this.#positions
  }

  /** Runs until the signal is aborted; a batch that was begun is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { maxBatch = BATCH_MESSAGES_MAX, linger_ms = 0 } = this.#options
    let retry_ms = RETRY_MS_MIN
    while (!signal.aborted) {
      try {
        const before = this.#applied
        if (!(await this.step())) await this.#idle(signal)
        else if (linger_ms > 0 && this.#applied - before < maxBatch) await pause(linger_ms, signal)
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
  }

  /** The store went back or another writer is ahead: the marks say from where to replay. */
  moved({ found, move }: MarkMovedError): void {
    this.#assigned = null
    this.#wentBack ||= found === null || found < (move.from ?? 0)
  }

  /** Carries one batch of every partition; answers whether there was anything. */
  async step(): Promise<boolean> {
    const { log, store, group, source, expires } = this.#options
    const assigned = await log.assigned(group, source.topic)
    if (this.#wentBack || !sameAssignment(assigned, this.#assigned)) await this.#locate(assigned)
    await this.#renew()
    const next = new Map<number, number>()
    const watermarks = new Map<number, number>()
    const times_ms: number[] = []
    let events = 0
    for (const [partition, position] of this.#positions) {
      const looked_ms = this.#options.now()
      const batch = await this.#read(partition, position)
      if (batch === null) return true
      // Where the log holds nothing but notes of its own, the mark moves on, too.
      if (batch.nextOffset > position) next.set(partition, batch.nextOffset)
      if (batch.values.length === 0) {
        watermarks.set(partition, batch.asOf_ms ?? looked_ms)
        continue
      }
      for (let i = 0; i < batch.values.length; i++) {
        const time_ms = this.#add(partition, batch.baseOffset + i, batch.values[i]!)
        if (time_ms > 0) times_ms.push(time_ms)
        if ((events + i) % TURN_MESSAGES === TURN_MESSAGES - 1) await turn()
      }
      events += batch.values.length
      watermarks.set(partition, batch.append_ms.at(-1)!)
    }
    if (next.size > 0) {
      if (this.#refused.length > 0) await this.#options.onQuarantine(this.#refused.splice(0))
      const now_ms = expires ? this.#options.now() : null
      const appends: TimelineAppend[] = this.#writers.flatMap((writer) => writer.take(now_ms))
      const moves = [...next].map(([partition, offset]) => ({
        group,
        topic: source.topic,
        partition,
        from: this.#marks.get(partition) ?? null,
        offset,
      }))
      await store.append(appends, moves)
      for (const [partition, offset] of next) {
        this.#positions.set(partition, offset)
        this.#marks.set(partition, offset)
      }
      this.#applied += events
      if (events > 0) {
        const newest_ms = times_ms.reduce((newest, ms) => Math.max(newest, ms), 0)
        this.#options.onApplied?.({ events, rows: appends.length, times_ms, newest_ms })
      }
      // Committed positions only tell people and the trimmer; the marks are what counts.
      await log.commit(group, source.topic, next)
    }
    for (const [partition, ms] of watermarks) this.#watermarks.set(partition, ms)
    if (next.size === 0 && performance.now() - this.#verified_ms > VERIFY_MS) await this.verify()
    return events > 0
  }

  /** Looks whether the marks are where they were left: whoever has nothing to write would not see it if the store went back. */
  async verify(): Promise<void> {
    const { store, group, source } = this.#options
    const found = new Map<number, number>()
    for (const mark of await store.marks(group)) if (mark.topic === source.topic) found.set(mark.partition, mark.offset)
    this.#verified_ms = performance.now()
    for (const [partition, mark] of this.#marks) {
      const offset = found.get(partition) ?? null
      if (offset === mark) continue
      this.#assigned = null
      this.#wentBack ||= offset === null || offset < (mark ?? 0)
    }
  }

  /** Takes up the marks of the partitions to read: where there is none, the earliest message that the log still has. */
  async #locate(assigned: readonly number[]): Promise<void> {
    const { log, store, group, source, enter } = this.#options
    this.#assigned = null
    const find = async () => (await store.marks(group)).filter((mark) => mark.topic === source.topic)
    let marks = await find()
    const unmarked = assigned.some((partition) => !marks.some((mark) => mark.partition === partition))
    if ((this.#wentBack || unmarked) && enter !== undefined) {
      this.#renewWith(await enter())
      marks = await find()
    }
    this.#wentBack = false
    const ranges = await log.ranges(source.topic)
    for (const held of [this.#positions, this.#marks, this.#watermarks]) {
      for (const partition of held.keys()) if (!assigned.includes(partition)) held.delete(partition)
    }
    for (const { partition, start } of ranges) {
      if (!assigned.includes(partition)) continue
      const mark = marks.find((one) => one.partition === partition)?.offset ?? null
      // What was read to its end stands no longer for what the store holds.
      if (mark !== this.#marks.get(partition)) this.#watermarks.delete(partition)
      this.#marks.set(partition, mark)
      this.#positions.set(partition, mark ?? start)
    }
    // What an attempt that failed had encoded is encoded again.
    this.#drop()
    this.#assigned = assigned
  }

  /** Forgets what was encoded and not written. */
  #drop(): void {
    for (const writer of this.#writers) writer.take(null)
    this.#refused.length = 0
  }

  async #renew(): Promise<void> {
    const { current } = this.#options
    if (current !== undefined) this.#renewWith(await current())
  }

  #renewWith(timelines: readonly StreamTimeline[]): void {
    if (timelines === this.#timelines) return
    this.#timelines = timelines
    this.#writers = writersOf(timelines)
  }

  async #read(partition: number, position: number) {
    const { log, store, group, source } = this.#options
    try {
      return await log.read(source.topic, partition, position, this.#options.maxBatch ?? BATCH_MESSAGES_MAX)
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error
      const from = this.#marks.get(partition) ?? null
      const now = (await store.marks(group)).find((mark) => mark.topic === source.topic && mark.partition === partition)
      if ((now?.offset ?? null) !== from) {
        // Others have carried what the log has dropped since: nothing is lost.
        this.#assigned = null
        return null
      }
      await this.#options.onGap(partition, position, error.start)
      await store.append([], [{ group, topic: source.topic, partition, from, offset: error.start }])
      this.#marks.set(partition, error.start)
      this.#positions.set(partition, error.start)
      this.#drop()
      return null
    }
  }

  /** Encodes an event for every timeline; answers its time, or 0 where it had to be put aside. */
  #add(partition: number, offset: number, value: Uint8Array): number {
    const { source } = this.#options
    try {
      const event = source.parser.parseBytes(value)
      for (const writer of this.#writers) writer.add(event)
      return event.time_ms
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#refused.push({ source: source.name, topic: source.topic, partition, offset, value, reason })
      return 0
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { log, source } = this.#options
    // Wait first, then look once more: what came between the empty read and the wait is not slept through.
    const appended = log.wait(source.topic, IDLE_MS_MAX)
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
function writersOf(timelines: readonly StreamTimeline[]): TimelineWriter[] {
  return timelines.map(({ timeline, record }) => new TimelineWriter(timeline, asWritten(record, timeline)))
}
