import { expect } from 'vitest'
import { type BackfillResult, backfillTimeline } from '../../src/backfill/backfill.ts'
import { ArchiveWorker } from '../../src/cli/archive-worker.ts'
import { EngineClock } from '../../src/cli/engine-clock.ts'
import { enterGroup } from '../../src/cli/stream-group.ts'
import { StreamWorker } from '../../src/cli/stream-worker.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import type { ClockMode } from '../../src/features/clock.ts'
import type { Model } from '../../src/features/model.ts'
import { StoreProgress } from '../../src/serving/store-progress.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import type { EventLog } from '../../src/stores/event-log.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { MarkMovedError, type OnlineStore } from '../../src/stores/online-store.ts'
import type { TimelineRecord } from '../../src/stores/timeline-registry.ts'
import { compact } from '../../src/timeline/compact.ts'

/** Few, so that a backfill has several parts. */
const PART_ROWS = 8

/** How long a log that has nothing at hand is waited for at a time. */
const WAIT_MS = 50

interface Carrier {
  readonly topic: string
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
  readonly #clock: EngineClock
  readonly #now: () => number
  #sequence = 0
  #worker!: StreamWorker
  #archiver!: ArchiveWorker

  constructor(model: Model, clock: ClockMode, now: () => number, stores = memoryStores(now)) {
    this.model = model
    this.stores = stores
    this.#clock = new EngineClock(clock, now)
    this.#now = now
    const { store } = stores
    const progress = new StoreProgress(store, model)
    this.vectors = new VectorService({ model, store, now, clock, watermark: () => now(), progress })
  }

  /** What the store knows of the timelines, as the stream writes them. */
  get records(): ReadonlyMap<string, TimelineRecord> {
    return this.#worker.records
  }

  /** What a process does when it starts. */
  async open(): Promise<this> {
    const { store, log, archive } = this.stores
    const troubles = new Troubles()
    this.#worker = await StreamWorker.open(
      {
        model: this.model,
        store,
        log,
        clock: this.#clock,
        troubles,
        onQuarantine: (_, events) => void this.quarantined.push(...events.map(({ reason }) => reason)),
        onGap: (_, __, { partition, from, to }) => void this.gaps.push([partition, from, to]),
        onCoverage: () => this.vectors.refresh(),
      },
      2,
    )
    this.#archiver = new ArchiveWorker({
      model: this.model,
      log: this.stores.archiveLog ?? log,
      archive,
      now: this.#now,
      troubles,
    })
    for (const source of this.model.sources.values()) {
      await archive.create(source.archive!.table, archiveColumns(source), source.columns[source.time]!.archiveName)
    }
    await this.vectors.refresh()
    return this
  }

  /** Straight into the archive, as a warehouse fills it. */
  async load(source: string, events: readonly Json[]): Promise<void> {
    if (events.length === 0) return
    const model = this.model.sources.get(source)!
    const parsed = events.map((event) => model.rawParser.parse(event))
    await this.stores.archive.insert({
      table: model.archive!.table,
      columns: archiveColumns(model),
      values: model.raw.map((_, c) => parsed.map((event) => event.values[c]!)),
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
    for (const stream of this.#worker.streams.values()) {
      await stream.verify()
      await this.#toTheEnd(stream, async () => {
        try {
          return await stream.step()
        } catch (error) {
          // As its run does: the marks say from where to go on.
          if (!(error instanceof MarkMovedError)) throw error
          stream.moved(error)
          return true
        }
      })
    }
    await this.vectors.refresh()
  }

  async archive(): Promise<void> {
    for (const archiver of this.#archiver.archivers.values()) {
      await this.#toTheEnd(archiver, async () => (await archiver.step()) > 0)
    }
  }

  /** Steps until all that is in the log now is carried. A log that fetches ahead may have nothing at hand for a moment. */
  async #toTheEnd(carrier: Carrier, step: () => Promise<boolean>): Promise<void> {
    const { topic } = carrier
    const ends = await this.stores.log.ranges(topic)
    for (;;) {
      if (await step()) continue
      if (ends.every(({ partition, end }) => (carrier.positions.get(partition) ?? 0) >= end)) return
      await this.stores.log.wait(topic, WAIT_MS)
    }
  }

  async backfill(signal = new AbortController().signal): Promise<BackfillResult[]> {
    const { store, log } = this.stores
    // As the process does that runs it: the store may have forgotten the timelines.
    await enterGroup({ store, log, model: this.model, now: this.#now })
    const results: BackfillResult[] = []
    for (const timeline of this.model.timelines.values()) {
      const options = { ...this.stores, now: this.#now, clock: this.#clock.mode, signal, partRows: PART_ROWS }
      results.push(await backfillTimeline(timeline, options))
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
}
