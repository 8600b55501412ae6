import type { Model, SourceModel } from '../features/model.ts'
import { streamedTopics } from '../features/topic-router.ts'
import type { EventLog } from '../stores/event-log.ts'
import { noteSampled } from '../stores/event-sample.ts'
import { checkTopic, uncoverTopic } from '../stores/known-topics.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { Quarantine, type Quarantined } from '../stores/quarantine.ts'
import { isRegistered, readTimelines, type TimelineRecord, uncover } from '../stores/timeline-registry.ts'
import { TopicStream } from '../stream/topic-stream.ts'
import type { AppliedBatch, StreamTimeline } from '../stream/topic-stream-options.ts'
import type { LoadedBatch } from './config/loaded-config.ts'
import type { EngineClock } from './engine-clock.ts'
import { ensureTopics, enterGroup, type StreamGroup } from './stream-group.ts'
import type { Troubles } from './troubles.ts'
import { coverUnarchived } from './unarchived.ts'

/** What others have registered is looked at again after this: rows are written by what was true so long ago at most. */
export const RECORDS_MS = 1_000

/** Messages that the log no longer has: from the first offset, up to and without the last. */
export interface LogGap {
  readonly partition: number
  readonly from: number
  readonly to: number
}

export interface StreamWorkerOptions {
  readonly model: Model
  readonly store: OnlineStore
  readonly log: EventLog
  readonly clock: EngineClock
  readonly troubles: Troubles
  readonly batch?: LoadedBatch
  /** After the coverage of timelines has changed. */
  readonly onCoverage?: () => Promise<void>
  readonly onGap?: (source: SourceModel, reason: string, gap: LogGap) => void
  readonly onQuarantine?: (source: SourceModel, events: readonly Quarantined[]) => void
  readonly onApplied?: (source: SourceModel, batch: AppliedBatch) => void
}

/** The streams of a model, log -> online store, in this process: one of any number that share the log's partitions. */
export class StreamWorker {
  /** By topic. */
  readonly streams: ReadonlyMap<string, TopicStream>
  readonly #options: StreamWorkerOptions
  readonly #quarantine: Quarantine
  #group: StreamGroup
  #records: ReadonlyMap<string, TimelineRecord>
  #read_ms: number
  /** By topic. */
  readonly #timelines = new Map<string, readonly StreamTimeline[]>()
  #entering: Promise<void> | null = null
  #reading: Promise<void> | null = null

  constructor(options: StreamWorkerOptions, group: StreamGroup) {
    this.#options = options
    this.#group = group
    this.#records = group.records
    this.#read_ms = options.clock.wall()
    this.#quarantine = new Quarantine(options.log, options.clock.wall)
    const topics = [...streamedTopics(options.model.sources.values())]
    this.streams = new Map(topics.map(([topic, sources]) => [topic, this.#stream(topic, sources)]))
  }

  /** Enters the group of what the model writes, and registers its timelines. `partitions`: of topics that are not there yet. */
  static async open(options: StreamWorkerOptions, partitions: number): Promise<StreamWorker> {
    const { model, store, log, clock } = options
    await ensureTopics(log, model, partitions)
    const group = await enterGroup({ store, log, model, now: clock.wall })
    await coverUnarchived(store, model, clock)
    return new StreamWorker(options, group)
  }

  /** What the store knows of the timelines, by fingerprint. */
  get records(): ReadonlyMap<string, TimelineRecord> {
    return this.#records
  }

  /** The stream that carries a source's events; undefined where it has none. */
  streamOf(source: string): TopicStream | undefined {
    return this.streams.get(this.#options.model.sources.get(source)?.topic ?? '')
  }

  get sources(): SourceModel[] {
    return [...this.streams.values()].flatMap(({ sources }) => sources)
  }

  get group(): string {
    return this.#group.name
  }

  /** Runs until the signal is aborted; batches that were begun are finished. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.streams.values()].map((stream) => stream.run(signal)))
  }

  #stream(topic: string, sources: readonly SourceModel[]): TopicStream {
    const { store, log, clock, batch, troubles, onQuarantine, onApplied } = this.#options
    return new TopicStream({
      log,
      store,
      group: this.#group.name,
      sources,
      timelines: this.#timelinesOf(topic),
      now: clock.wall,
      expires: clock.mode === 'wall',
      ...batch,
      identify: () => checkTopic(store, log, topic),
      onCutOff: () => uncoverTopic(store, topic),
      enter: async () => {
        await this.#enter()
        return this.#timelinesOf(topic)
      },
      current: async () => {
        await this.#refresh()
        return this.#timelinesOf(topic)
      },
      onQuarantine: async (source, events) => {
        await this.#quarantine.add(source, events)
        onQuarantine?.(source, events)
      },
      onGap: async (partition, from, to) => {
        for (const source of sources) await this.#gap(source, partition, from, to)
      },
      onApplied: (source, applied) => {
        clock.see(applied.newest_ms)
        onApplied?.(source, applied)
      },
      onSample: (source, event) => noteSampled(store, source, event),
      onTrouble: (message) => {
        for (const { name } of sources) troubles.report(name, message)
      },
    })
  }

  /** The same array as long as what is written stays the same. */
  #timelinesOf(topic: string): readonly StreamTimeline[] {
    const timelines = [...this.#options.model.timelines.values()]
      .filter(({ source }) => source.streamed && source.topic === topic)
      .map((timeline) => ({ timeline, record: this.#records.get(timeline.fingerprint)! }))
    const before = this.#timelines.get(topic)
    const same = before?.every(({ record }, i) => writesAlike(record, timelines[i]!.record)) === true
    if (!same) this.#timelines.set(topic, timelines)
    return this.#timelines.get(topic)!
  }

  /** The store forgot marks, or went back: what it knows is registered again. Streams that ask at the same time share one entering. */
  #enter(): Promise<void> {
    const { model, store, log, clock, onCoverage } = this.#options
    this.#entering ??= (async () => {
      this.#group = await enterGroup({ store, log, model, now: clock.wall, known: this.#records })
      this.#take(this.#group.records)
      await coverUnarchived(store, model, clock)
      await onCoverage?.()
    })().finally(() => {
      this.#entering = null
    })
    return this.#entering
  }

  async #refresh(): Promise<void> {
    const now_ms = this.#options.clock.wall()
    if (now_ms - this.#read_ms < RECORDS_MS) return
    this.#reading ??= readTimelines(this.#options.store)
      .then(async (found) => {
        // What somebody took for unused, and removes, is registered again, as one that is not complete.
        if (this.#areRegistered(found)) this.#take(found)
        else await this.#enter()
        this.#read_ms = now_ms
      })
      .finally(() => {
        this.#reading = null
      })
    await this.#reading
  }

  #areRegistered(found: ReadonlyMap<string, TimelineRecord>): boolean {
    const streamed = [...this.#options.model.timelines.values()].filter(({ fingerprint }) =>
      this.#records.has(fingerprint),
    )
    return streamed.every((timeline) => {
      const record = found.get(timeline.fingerprint)
      return record !== undefined && isRegistered(record, timeline)
    })
  }

  /** A record that the store has lost stays as it was known: the marks tell of the loss. */
  #take(found: ReadonlyMap<string, TimelineRecord>): void {
    const ours = [...this.#records.keys()].map((fingerprint) => [
      fingerprint,
      found.get(fingerprint) ?? this.#records.get(fingerprint)!,
    ])
    this.#records = new Map(ours as [string, TimelineRecord][])
  }

  async #gap(source: SourceModel, partition: number, from: number, to: number): Promise<void> {
    const { model, store, clock, onGap, onCoverage } = this.#options
    const reason = `the log lost the messages ${from} to ${to} of ${source.topic}/${partition} before they were counted`
    for (const timeline of model.timelines.values()) {
      if (timeline.source === source) await uncover(store, timeline.fingerprint, reason, { [partition]: to })
    }
    await coverUnarchived(store, model, clock)
    onGap?.(source, reason, { partition, from, to })
    await onCoverage?.()
  }
}

function writesAlike(a: TimelineRecord, b: TimelineRecord): boolean {
  return a === b || (a.retention_ms === b.retention_ms && JSON.stringify(a.schemas) === JSON.stringify(b.schemas))
}
