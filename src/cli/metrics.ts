import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Kept } from './kept.ts'
import { METRICS, type MetricEntry } from './metric-table.ts'
import { WeightedHistogram } from './weighted-histogram.ts'

/** How an event went: log -> online store, log -> archive, API -> log. */
export type Road = 'stream' | 'archive' | 'api'

export type StoreOperation = 'read' | 'append' | 'swap'

export type PartState = 'waiting' | 'running' | 'done' | 'failed'

/** What is told of one source. Its labels are resolved: keep it, and tell it once a batch. */
export interface SourceMetrics {
  /** Events of a partition that are not yet carried on. */
  lag(partition: number, events: number): void
  /** The partition is another process's now: it is told of no more. */
  forgetPartition(partition: number): void
  /** How long the oldest event that is not yet carried on has been in the log, in milliseconds. */
  lagAge(ms: number): void
  /** Epoch milliseconds; null: this process reads no partition, and tells of none. */
  watermark(ms: number | null): void
  events(road: Road, count: number): void
  rowsWritten(count: number): void
  /** Events of a batch. */
  batch(events: number): void
  /** From event time to visible, in milliseconds, of `events` events. Cheap enough for every single one. */
  fresh(ms: number, events?: number): void
  rejected(count: number): void
  quarantined(count: number): void
  /** Messages of its topic that gave it no event. */
  passedOver(count: number): void
  conflicts(count: number): void
  gap(): void
  /** Events that the archive lacks, as the log lost them before. */
  archiveMissing(events: number): void
}

/** What is told of one timeline. */
export interface TimelineMetrics {
  backfillRows(count: number): void
  /** How many parts of its backfill are in a state. */
  backfillParts(state: PartState, count: number): void
  coverage(ok: boolean): void
}

export interface MetricsOptions {
  /** Which process it is: `stream`. */
  readonly process: string
  readonly version: string
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
}

/** The metrics of a process, in a registry of their own. {@link METRICS} says what each means. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #now: () => number
  readonly #watermarks = new Map<string, number>()
  readonly #sources = new Kept((name: string) => this.#newSource(name))
  readonly #timelines = new Kept((name: string) => this.#newTimeline(name))
  readonly #stores = new Kept((operation: StoreOperation) => this.#newOperation(operation))
  readonly #requests = new Kept(
    (service: string) => new Kept((status: number) => this.#requestSeconds.labels(service, String(status)).observe),
  )

  readonly #lagEvents = this.#gauge(METRICS.streamLagEvents)
  readonly #lagSeconds = this.#gauge(METRICS.streamLagSeconds)
  readonly #watermark = this.#gauge(METRICS.watermark)
  readonly #watermarkAge = this.#gauge(METRICS.watermarkAge, () => {
    for (const [source, ms] of this.#watermarks) {
      this.#watermarkAge.set({ source }, Math.max(0, this.#now() - ms) / 1_000)
    }
  })
  readonly #rowsWritten = this.#counter(METRICS.rowsWritten)
  readonly #events = this.#counter(METRICS.events)
  readonly #batchEvents = this.#histogram(METRICS.batchEvents)
  readonly #storeSeconds = this.#histogram(METRICS.storeSeconds)
  readonly #storeFailures = this.#counter(METRICS.storeFailures)
  readonly #archiveInsert = this.#histogram(METRICS.archiveInsertSeconds)
  readonly #rejected = this.#counter(METRICS.rejected)
  readonly #quarantined = this.#counter(METRICS.quarantined)
  readonly #passedOver = this.#counter(METRICS.passedOver)
  readonly #computeFailures = this.#counter(METRICS.computeFailures)
  readonly #conflicts = this.#counter(METRICS.conflicts)
  readonly #gaps = this.#counter(METRICS.gaps)
  readonly #archiveMissing = this.#gauge(METRICS.archiveMissing)
  readonly #freshness = new WeightedHistogram(METRICS.freshness, this.#registry)
  readonly #requestSeconds = this.#histogram(METRICS.requestSeconds)
  readonly #backfillRows = this.#counter(METRICS.backfillRows)
  readonly #backfillParts = this.#gauge(METRICS.backfillParts)
  readonly #coverage = this.#gauge(METRICS.coverageOk)

  constructor({ process, version, now }: MetricsOptions) {
    this.#now = now
    this.#gauge(METRICS.info).set({ process, version }, 1)
    collectDefaultMetrics({ register: this.#registry })
  }

  /** What Prometheus reads. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The metrics of a source; its counters are there from now on, at 0. */
  source(name: string): SourceMetrics {
    return this.#sources.of(name)
  }

  /** Counts a failure of a computed column with each call; the counter is there from now on, at 0. */
  computed(source: string, column: string): () => void {
    const { inc } = this.#computeFailures.labels(source, column)
    inc(0)
    return () => inc(1)
  }

  /** The metrics of a timeline, named as people know it: `payments by card`. */
  timeline(name: string): TimelineMetrics {
    return this.#timelines.of(name)
  }

  /** A call of the online store that took so long. */
  store(operation: StoreOperation, seconds: number, failed: boolean): void {
    const { observe, fail } = this.#stores.of(operation)
    observe(seconds)
    if (failed) fail(1)
  }

  archiveInsert(seconds: number): void {
    this.#archiveInsert.observe(seconds)
  }

  /** A request that was answered. `service` must be one that is defined: every new name is kept for ever. */
  request(service: string, status: number, seconds: number): void {
    this.#requests.of(service).of(status)(seconds)
  }

  #newOperation(operation: StoreOperation): { observe(seconds: number): void; fail(count: number): void } {
    const { inc } = this.#storeFailures.labels(operation)
    inc(0)
    return { observe: this.#storeSeconds.labels(operation).observe, fail: inc }
  }

  #newSource(source: string): SourceMetrics {
    const counterOf = (counter: Counter<string>): ((count: number) => void) => {
      const { inc } = counter.labels(source)
      inc(0)
      return inc
    }
    const roads = new Kept((road: Road) => this.#events.labels(source, road).inc)
    const lags = new Kept((partition: number) => this.#lagEvents.labels(source, String(partition)).set)
    const lagSeconds = this.#lagSeconds.labels(source)
    const watermark = this.#watermark.labels(source)
    const freshness = this.#freshness.of(source)
    const gap = counterOf(this.#gaps)
    return {
      lag: (partition, events) => lags.of(partition)(events),
      forgetPartition: (partition) => {
        lags.forget(partition)
        this.#lagEvents.remove(source, String(partition))
      },
      lagAge: (ms) => lagSeconds.set(ms / 1_000),
      watermark: (ms) => {
        if (ms === null) {
          this.#watermarks.delete(source)
          this.#watermark.remove(source)
          this.#watermarkAge.remove(source)
          return
        }
        this.#watermarks.set(source, ms)
        watermark.set(ms / 1_000)
      },
      events: (road, count) => roads.of(road)(count),
      rowsWritten: counterOf(this.#rowsWritten),
      batch: this.#batchEvents.labels(source).observe,
      // An event whose clock is ahead of ours was never waited for.
      fresh: (ms, events) => freshness(Math.max(0, ms) / 1_000, events),
      rejected: counterOf(this.#rejected),
      quarantined: counterOf(this.#quarantined),
      passedOver: counterOf(this.#passedOver),
      conflicts: counterOf(this.#conflicts),
      gap: () => gap(1),
      archiveMissing: (events) => this.#archiveMissing.set({ source }, events),
    }
  }

  #newTimeline(timeline: string): TimelineMetrics {
    const rows = this.#backfillRows.labels(timeline)
    rows.inc(0)
    return {
      backfillRows: rows.inc,
      backfillParts: (state, count) => this.#backfillParts.set({ timeline, state }, count),
      coverage: (ok) => this.#coverage.set({ timeline }, ok ? 1 : 0),
    }
  }

  #gauge({ name, text, labels }: MetricEntry, collect?: () => void): Gauge<string> {
    return new Gauge({ name, help: text, labelNames: labels, registers: [this.#registry], ...(collect && { collect }) })
  }

  #counter({ name, text, labels }: MetricEntry): Counter<string> {
    return new Counter({ name, help: text, labelNames: labels, registers: [this.#registry] })
  }

  #histogram({ name, text, labels, buckets = [] }: MetricEntry): Histogram<string> {
    return new Histogram({ name, help: text, labelNames: labels, buckets: [...buckets], registers: [this.#registry] })
  }
}
