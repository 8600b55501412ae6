import { setImmediate as turn } from 'node:timers/promises'
import type { ParsedEvent, SourceModel } from '../features/model.ts'
import { ARCHIVE_GROUP, archiveGroup, sourceOrigin } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import { cutOff, type EventLog, type LogBatch, OffsetOutOfRangeError, TopicReplacedError } from '../stores/event-log.ts'
import type { OffsetRun } from '../stores/offset-runs.ts'
import { ArchiveBatch } from './archive-batch.ts'
import { sameAssignment } from './assignment.ts'
import { PartitionFaults } from './partition-faults.ts'
import { pause } from './pause.ts'

/** Messages of a partition in one insert at most: each insert makes a part of the table, so few large ones are wanted. */
export const ARCHIVE_BATCH_MAX = 10_000

/** Messages of all partitions that are held at once, and their bytes: a worker that is far behind has full batches of each. */
const HELD_MESSAGES = 10 * ARCHIVE_BATCH_MAX
const HELD_BYTES = 64 * 1024 * 1024

/** Messages parsed in one go, about a millisecond: requests of the same process are answered in between. */
const TURN_MESSAGES = 250

/** How long small batches are let grow: the archive is for backfills, which nobody waits for by the second. */
export const ARCHIVE_LINGER_MS = 250

const IDLE_MS_MAX = 500
const RETRY_MS = 1_000

/**
 * Positions of sources that share a topic are committed again so often, also where nothing came. Nobody is a member of their groups: so a
 * process that was slow to see that a partition is another's may set it back, and Kafka forgets them after a quiet week.
 */
const COMMIT_AGAIN_MS = 60_000

/** Which topic of a name it is. */
export interface ArchivedTopic {
  /** As the log tells it; null: it does not. */
  readonly id: string | null
  /** As the archive counts them: under its origins rows are archived. */
  readonly incarnation: number
}

export interface TopicArchiverOptions {
  readonly log: EventLog
  readonly archive: EventArchive
  /** Those of one topic that are archived, by name. */
  readonly sources: readonly SourceModel[]
  /** Most messages of one partition in an insert. */
  readonly maxBatch?: number
  /** How long a batch that is not full is let grow. */
  readonly linger_ms?: number
  /** Looks which topic of its name it is. Throws where the archive is of another. Left out: it is the first. */
  readonly identify?: () => Promise<ArchivedTopic>
  /**
   * Offsets that will never be in a source's table, as they hold no valid event of it, in ascending runs. Awaited before they are committed.
   */
  readonly onSkipped: (
    source: SourceModel,
    partition: number,
    runs: readonly OffsetRun[],
    incarnation: number,
  ) => Promise<void>
  /** Messages that the log lost before they were archived: the archive has a hole from now on. */
  readonly onGap: (
    source: SourceModel,
    partition: number,
    from: number,
    to: number,
    incarnation: number,
  ) => Promise<void>
  /** After rows became durable: how many, and how long the insert took. */
  readonly onArchived?: (source: SourceModel, rows: number, took_ms: number) => void
  readonly onTrouble?: (message: string | null) => void
}

/**
 * Carries the events of one topic from the log to the archive tables of its sources, with the partition and offset of each, so that after
 * a crash it goes on behind the last row that the table really has. Each source has positions of its own, as it may have come later
 * than the others; those that are at the same place share what is read there.
 */
export class TopicArchiver {
  readonly #options: TopicArchiverOptions
  /** By source and partition: the next offset to archive. */
  readonly #positions = new Map<SourceModel, Map<number, number>>()
  /** The partitions that were this worker's when it last looked where to go on; null: before that. */
  #assigned: readonly number[] | null = null
  readonly #faults = new PartitionFaults()
  /** The partition that is read first has the next one's turn after it. */
  #turn = 0
  /** The trouble that was told of last. */
  #told: string | null = null
  #committed_ms = 0
  #parsed = 0
  #identity: ArchivedTopic = { id: null, incarnation: 1 }

  constructor(options: TopicArchiverOptions) {
    this.#options = options
  }

  get topic(): string {
    return this.#options.sources[0]!.topic
  }

  get sources(): readonly SourceModel[] {
    return this.#options.sources
  }

  /** By partition: the next offset to archive; all below it are durable in the tables of all sources. */
  get positions(): ReadonlyMap<number, number> {
    const lowest = new Map<number, number>()
    for (const own of this.#positions.values()) {
      for (const [partition, offset] of own) {
        lowest.set(partition, Math.min(offset, lowest.get(partition) ?? offset))
      }
    }
    return lowest
  }

  async run(signal: AbortSignal): Promise<void> {
    const { maxBatch = ARCHIVE_BATCH_MAX, linger_ms = ARCHIVE_LINGER_MS } = this.#options
    while (!signal.aborted) {
      try {
        const appended = this.#options.log.wait(this.topic, IDLE_MS_MAX)
        // Nobody may be there any more to hear that it failed.
        appended.catch(() => {})
        const archived = await this.#advance()
        this.#tell(this.#faults.error)
        if (archived === 0) await appended
        else if (archived < maxBatch) await pause(linger_ms, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#assigned = null
        this.#tell(error)
        await pause(RETRY_MS, signal)
      }
    }
  }

  /** Archives what one look at each partition finds; answers how many messages that was. Throws also what reading one of them failed with. */
  async step(): Promise<number> {
    const archived = await this.#advance()
    if (this.#faults.error !== null) throw this.#faults.error
    return archived
  }

  /** Null: all is well. */
  #tell(error: unknown): void {
    const message = error === null || error instanceof Error ? (error?.message ?? null) : String(error)
    if (message !== this.#told) this.#options.onTrouble?.(message)
    this.#told = message
  }

  async #advance(): Promise<number> {
    const assigned = await this.#options.log.assigned(ARCHIVE_GROUP, this.topic)
    if (!sameAssignment(assigned, this.#assigned)) await this.#locate(assigned)
    const batches = new Map(
      this.sources.map((source) => [source, new ArchiveBatch(source, this.#identity.incarnation)]),
    )
    let messages = 0
    let bytes = 0
    const first = this.#turn++ % Math.max(1, assigned.length)
    for (const partition of [...assigned.slice(first), ...assigned.slice(0, first)]) {
      if (messages >= HELD_MESSAGES || bytes >= HELD_BYTES) break
      if (!this.#faults.isDue(partition)) continue
      for (const [position, sources] of this.#places(partition)) {
        const carried = await this.#carry(partition, position, sources, batches)
        messages += carried.messages
        bytes += carried.bytes
      }
    }
    for (const batch of batches.values()) await this.#write(batch)
    if (performance.now() - this.#committed_ms > COMMIT_AGAIN_MS) await this.#commitAgain()
    return messages
  }

  /** Reads on until a batch is full or there is no more at hand; answers how many messages that was, and their bytes. */
  async #carry(
    partition: number,
    position: number,
    sources: readonly SourceModel[],
    batches: ReadonlyMap<SourceModel, ArchiveBatch>,
  ): Promise<{ readonly messages: number; readonly bytes: number }> {
    const { maxBatch = ARCHIVE_BATCH_MAX } = this.#options
    let messages = 0
    let bytes = 0
    for (let next = position, more = true; more && messages < maxBatch && bytes < HELD_BYTES; ) {
      const read = await this.#read(partition, next, maxBatch - messages, sources)
      if (read === null || read.nextOffset === next) break
      for (const source of sources) await this.#take(batches.get(source)!, partition, next, read)
      messages += read.values.length
      for (const value of read.values) bytes += value.length
      next = read.nextOffset
      more = read.more === true
    }
    return { messages, bytes }
  }

  /** By position in a partition: the sources that are there. */
  #places(partition: number): Map<number, SourceModel[]> {
    const places = new Map<number, SourceModel[]>()
    for (const [source, own] of this.#positions) {
      const position = own.get(partition)
      if (position !== undefined) places.set(position, [...(places.get(position) ?? []), source])
    }
    return places
  }

  async #take(batch: ArchiveBatch, partition: number, position: number, read: LogBatch): Promise<void> {
    const { baseOffset, values, append_ms, nextOffset } = read
    const { source } = batch
    // Offsets that hold no message, but a note of the log's own.
    batch.skip(partition, position, baseOffset)
    for (const [i, value] of values.entries()) {
      const offset = baseOffset + i
      let events: readonly ParsedEvent[] = []
      try {
        events = source.rawMessages.read(value)
      } catch {
        // The stream meets the same events and keeps them aside.
      }
      for (const event of events) batch.add(event, partition, offset, append_ms[i]!)
      if (events.length === 0) batch.skip(partition, offset, offset + 1)
      if (++this.#parsed % TURN_MESSAGES === 0) await turn()
    }
    batch.skip(partition, baseOffset + values.length, nextOffset)
    batch.next.set(partition, nextOffset)
  }

  async #write(batch: ArchiveBatch): Promise<void> {
    const { source, next } = batch
    if (next.size === 0) return
    for (const [partition, runs] of batch.skipped) {
      await this.#options.onSkipped(source, partition, runs, this.#identity.incarnation)
    }
    if (batch.rows > 0) {
      const begun_ms = performance.now()
      await this.#options.archive.insert(batch.insert)
      this.#options.onArchived?.(source, batch.rows, performance.now() - begun_ms)
    }
    await this.#commit(source, next)
  }

  async #commit(source: SourceModel, next: ReadonlyMap<number, number>): Promise<void> {
    await this.#options.log.commit(archiveGroup(source), this.topic, next, this.#identity.id)
    const own = this.#positions.get(source)!
    for (const [partition, offset] of next) own.set(partition, offset)
  }

  async #commitAgain(): Promise<void> {
    for (const [source, own] of this.#positions) if (source.where !== null) await this.#commit(source, new Map(own))
    this.#committed_ms = performance.now()
  }

  /**
   * Goes on behind what was committed. Not behind what the table has, which may be further: an insert that was broken off can have
   * left its last rows there without its first. What is archived again counts once.
   */
  async #locate(assigned: readonly number[]): Promise<void> {
    const { log, archive, identify } = this.#options
    this.#positions.clear()
    if (identify !== undefined) this.#identity = await identify()
    const ranges = await log.ranges(this.topic)
    for (const source of this.sources) {
      const { table, columns, time } = ArchiveBatch.tableOf(source)
      await archive.create(table, columns, time)
      const committed = await log.committed(archiveGroup(source), this.topic)
      const own = new Map<number, number>()
      for (const { partition, start, end } of ranges) {
        if (!assigned.includes(partition)) continue
        const position = committed.get(partition) ?? start
        // Beyond the end of a topic that was cut off and renewed since: what was archived there is of before.
        const isVoid = position > end && !(await this.#reaches(source, partition, end))
        own.set(partition, isVoid ? start : position)
      }
      this.#positions.set(source, own)
    }
    this.#committed_ms = performance.now()
    this.#faults.keep(assigned)
    this.#assigned = assigned
  }

  /** Whether rows of the topic's incarnation are archived from an offset on. */
  async #reaches(source: SourceModel, partition: number, offset: number): Promise<boolean> {
    const origin = sourceOrigin(source, partition, this.#identity.incarnation)
    return ((await this.#options.archive.lastSequence(source.archive!.table, origin)) ?? -1) >= offset
  }

  async #read(
    partition: number,
    position: number,
    messagesMax: number,
    sources: readonly SourceModel[],
  ): Promise<LogBatch | null> {
    const { log, onGap } = this.#options
    try {
      const read = await log.read(this.topic, partition, position, messagesMax, this.#identity.id)
      this.#faults.well(partition)
      return read
    } catch (error) {
      if (error instanceof TopicReplacedError) throw error
      if (!(error instanceof OffsetOutOfRangeError)) {
        this.#faults.failed(partition, error)
        return null
      }
      if (position > error.end) throw cutOff(this.topic, partition, position, error.end, 'archived')
      // There by now.
      if (position >= error.start) return null
      for (const source of sources) {
        await onGap(source, partition, position, error.start, this.#identity.incarnation)
        await this.#commit(source, new Map([[partition, error.start]]))
      }
      return null
    }
  }
}
