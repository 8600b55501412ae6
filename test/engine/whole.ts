import { expect } from 'vitest'
import { type BackfillResult, backfillTimeline } from '../../src/backfill/backfill.ts'
import { enterGroup } from '../../src/cli/stream-group.ts'
import type { ClockMode } from '../../src/features/clock.ts'
import type { Model, SourceModel } from '../../src/features/model.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import type { EventLog } from '../../src/stores/event-log.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { OnlineStore } from '../../src/stores/online-store.ts'
import { noteSkipped } from '../../src/stores/skipped-offsets.ts'
import { type TimelineRecord, uncover } from '../../src/stores/timeline-registry.ts'
import { SourceArchiver } from '../../src/stream/source-archiver.ts'
import { SourceStream } from '../../src/stream/source-stream.ts'
import { compact } from '../../src/timeline/compact.ts'

/** How long a log that has nothing at hand is waited for at a time. */
const WAIT_MS = 50

interface Carrier {
  readonly source: SourceModel
  readonly positions: ReadonlyMap<number, number>
}

type Json = Readonly<Record<string, unknown>>

/** The three stores of an installation: they outlive processes and definitions. */
export interface Stores {
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  /** The log as the archiver reads it, where one object reads in one place only. */
  readonly archiveLog?: EventLog
}

export function memoryStores(now: () => number): Stores {
  return { store: new MemoryOnlineStore(), log: new MemoryEventLog({ now }), archive: new MemoryEventArchive() }
}

/** Streams, archivers, backfills and services of one set of definitions, stepped by hand: an installation without its process. */
export class Whole {
  readonly stores: Stores
  readonly model: Model
  readonly vectors: VectorService
  readonly quarantined: string[] = []
  readonly gaps: [partition: number, from: number, to: number][] = []
  records!: ReadonlyMap<string, TimelineRecord>
  readonly #clock: ClockMode
  readonly #now: () => number
  #sequence = 0
  #streams: SourceStream[] = []
  #archivers: SourceArchiver[] = []

  constructor(model: Model, clock: ClockMode, now: () => number, stores = memoryStores(now)) {
    this.model = model
    this.stores = stores
    this.#clock = clock
    this.#now = now
    this.vectors = new VectorService({ model, store: stores.store, now, clock, watermark: () => now() })
  }

  /** What a process does when it starts. */
  async open(): Promise<this> {
    const { store, log } = this.stores
    for (const { topic } of this.model.sources.values()) await log.ensureTopic(topic, 2)
    const group = await enterGroup({ store, log, model: this.model, now: this.#now })
    this.records = group.records
    for (const source of this.model.sources.values()) {
      await this.stores.archive.create(
        source.archive!.table,
        archiveColumns(source),
        source.columns[source.time]!.archiveName,
      )
      this.#streams.push(this.#stream(source, group.name))
      this.#archivers.push(this.#archiver(source))
    }
    await this.vectors.refresh()
    return this
  }

  /** Straight into the archive, as a warehouse fills it. */
  async load(source: string, events: readonly Json[]): Promise<void> {
    if (events.length === 0) return
    const model = this.model.sources.get(source)!
    const parsed = events.map((event) => model.parser.parse(event))
    await this.stores.archive.insert({
      table: model.archive!.table,
      columns: archiveColumns(model),
      values: model.columns.map((_, c) => parsed.map((event) => event.values[c]!)),
      origins: parsed.map(() => 'file/test'),
      sequences: parsed.map(() => this.#sequence++),
      arrived_ms: parsed.map(() => this.#now()),
    })
  }

  /** Into the log, as producers send it. */
  async send(source: string, events: readonly Json[]): Promise<void> {
    const { topic } = this.model.sources.get(source)!
    await this.stores.log.append(
      topic,
      events.map((event) => ({ key: String(event.card_id), value: Buffer.from(JSON.stringify(event)) })),
    )
  }

  async stream(): Promise<void> {
    for (const stream of this.#streams) await this.#toTheEnd(stream, () => stream.step())
  }

  async archive(): Promise<void> {
    for (const archiver of this.#archivers) await this.#toTheEnd(archiver, async () => (await archiver.step()) > 0)
  }

  /** Steps until all that is in the log now is carried. A log that fetches ahead may have nothing at hand for a moment. */
  async #toTheEnd(carrier: Carrier, step: () => Promise<boolean>): Promise<void> {
    const { topic } = carrier.source
    const ends = await this.stores.log.ranges(topic)
    for (;;) {
      if (await step()) continue
      if (ends.every(({ partition, end }) => (carrier.positions.get(partition) ?? 0) >= end)) return
      await this.stores.log.wait(topic, WAIT_MS)
    }
  }

  async backfill(signal = new AbortController().signal): Promise<BackfillResult[]> {
    const results: BackfillResult[] = []
    for (const timeline of this.model.timelines.values()) {
      results.push(await backfillTimeline(timeline, { ...this.stores, now: this.#now, clock: this.#clock, signal }))
    }
    await this.vectors.refresh()
    return results
  }

  async compact(): Promise<void> {
    const { store } = this.stores
    for await (const key of store.keys('')) {
      const [rows] = await store.read([key])
      expect(await store.swap(key, rows!, compact(rows!, null))).toBe(true)
    }
  }

  #stream(source: SourceModel, group: string): SourceStream {
    const { store, log } = this.stores
    const timelines = [...this.model.timelines.values()].filter((timeline) => timeline.source === source)
    return new SourceStream({
      log,
      store,
      group,
      source,
      timelines: timelines.map((timeline) => ({ timeline, record: this.records.get(timeline.fingerprint)! })),
      now: this.#now,
      expires: this.#clock === 'wall',
      onQuarantine: (events) => void this.quarantined.push(...events.map(({ reason }) => reason)),
      onGap: async (partition, from, to) => {
        this.gaps.push([partition, from, to])
        for (const { fingerprint } of timelines) await uncover(store, fingerprint, 'gap', { [partition]: to })
        await this.vectors.refresh()
      },
    })
  }

  #archiver(source: SourceModel): SourceArchiver {
    const { archive } = this.stores
    return new SourceArchiver({
      log: this.stores.archiveLog ?? this.stores.log,
      archive,
      source,
      onQuarantine: () => {},
      onSkipped: (partition, offsets) => noteSkipped(archive, source.topic, partition, offsets, this.#now()),
      onGap: async () => {},
    })
  }
}
