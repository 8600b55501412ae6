import type { SourceModel } from '../features/model.ts'
import type { EventLog, PartitionRange } from '../stores/event-log.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { WatermarkBoard } from '../stores/watermarks.ts'
import type { TopicStream } from '../stream/topic-stream.ts'
import type { AppliedBatch } from '../stream/topic-stream-options.ts'
import type { Metrics } from './metrics.ts'

/** How often watermarks are told to other processes. */
export const REPORT_MS = 500

/** How often topics are looked at for new partitions and their ends. */
const RANGES_MS = 1_000

/** A broker may learn of a new partition so much later than the one that made it. */
const METADATA_LAG_MS = 2_000

/** Tells how far the streams of a process are: other processes, through the store, and Prometheus. */
export class StreamReport {
  readonly #streams: ReadonlyMap<string, TopicStream>
  readonly #log: EventLog
  readonly #metrics: Metrics
  readonly #board: WatermarkBoard
  readonly #ranges = new Map<string, { readonly read_ms: number; readonly ranges: readonly PartitionRange[] }>()
  /** By topic: the partitions that were told of last. */
  readonly #told = new Map<string, readonly number[]>()
  /** When it told first. */
  #since_ms: number | null = null

  constructor(
    streams: ReadonlyMap<string, TopicStream>,
    { log, store, group, metrics }: { log: EventLog; store: OnlineStore; group: string; metrics: Metrics },
  ) {
    this.#streams = streams
    this.#log = log
    this.#metrics = metrics
    this.#board = new WatermarkBoard(store, group)
    for (const { sources } of streams.values()) for (const { name } of sources) metrics.source(name)
  }

  /** A batch is visible now. */
  applied({ name }: SourceModel, { events, passedOver, rows, times_ms }: AppliedBatch, now_ms: number): void {
    const metrics = this.#metrics.source(name)
    metrics.passedOver(passedOver)
    if (events === 0) return
    metrics.events('stream', events)
    metrics.rowsWritten(rows)
    metrics.batch(events)
    for (const time_ms of times_ms) metrics.fresh(now_ms - time_ms)
  }

  /** Throws where the log or the store does not answer, after all was told that is known. */
  async tell(now_ms: number): Promise<void> {
    const told: Promise<void>[] = []
    const failures: unknown[] = []
    // Heard at once: others are still asked for when it fails, and what nobody hears of ends the process.
    const failed = (error: unknown) => void failures.push(error)
    for (const stream of this.#streams.values()) {
      const { topic } = stream
      const ranges = await this.#rangesOf(topic, now_ms).catch((error: unknown) => {
        failed(error)
        return null
      })
      this.#measure(stream, ranges, now_ms)
      if (ranges === null) continue
      for (const { partition, offset, watermark_ms } of stream.progress) {
        if (watermark_ms === null) continue
        told.push(this.#board.partition(topic, partition, { offset, ms: watermark_ms }).catch(failed))
      }
      const { read_ms } = this.#ranges.get(topic)!
      const known = { partitions: ranges.length, ms: read_ms - METADATA_LAG_MS }
      told.push(this.#board.topic(topic, known).catch(failed))
    }
    await Promise.all(told)
    if (failures.length > 0) throw failures[0]
  }

  async #rangesOf(topic: string, now_ms: number): Promise<readonly PartitionRange[]> {
    const known = this.#ranges.get(topic)
    if (known !== undefined && now_ms - known.read_ms < RANGES_MS) return known.ranges
    const ranges = await this.#log.ranges(topic)
    this.#ranges.set(topic, { read_ms: now_ms, ranges })
    return ranges
  }

  /** `ranges` null: the log does not say them. */
  #measure(stream: TopicStream, ranges: readonly PartitionRange[] | null, now_ms: number): void {
    this.#since_ms ??= now_ms
    const all = stream.sources.map(({ name }) => this.#metrics.source(name))
    const partitions = stream.progress.map(({ partition }) => partition)
    const gone = (this.#told.get(stream.topic) ?? []).filter((partition) => !partitions.includes(partition))
    this.#told.set(stream.topic, partitions)
    let behind = 0
    for (const { partition, offset } of stream.progress) {
      if (ranges === null) break
      const lag = Math.max(0, (ranges.find((range) => range.partition === partition)?.end ?? offset) - offset)
      for (const metrics of all) metrics.lag(partition, lag)
      behind += lag
    }
    const { watermark_ms } = stream
    const none = behind === 0 && (ranges !== null || partitions.length === 0)
    for (const metrics of all) {
      for (const partition of gone) metrics.forgetPartition(partition)
      metrics.watermark(watermark_ms)
      // Before all partitions were read once, it is longer than we have been at it.
      metrics.lagAge(none ? 0 : Math.max(0, now_ms - (watermark_ms ?? this.#since_ms)))
    }
  }
}
