import { setTimeout as sleep } from 'node:timers/promises'
import type { ClockMode } from '../features/clock.ts'
import { writtenHash } from '../features/fingerprint.ts'
import type { Model, SourceModel } from '../features/model.ts'
import { createApi } from '../serving/http/api.ts'
import { VectorService } from '../serving/vector-service.ts'
import { noteSkipped } from '../stores/skipped-offsets.ts'
import { registerTimelines, type TimelineRecord, uncover } from '../stores/timeline-registry.ts'
import { SourceArchiver } from '../stream/source-archiver.ts'
import { SourceStream } from '../stream/source-stream.ts'
import { createAdminApi } from './admin-api.ts'
import { type BackfillEvent, BackfillRunner } from './backfill-runner.ts'
import { EMBEDDED_PARTITIONS, openEmbeddedStores, type Stores } from './embedded-stores.ts'
import { EngineClock } from './engine-clock.ts'
import { ArchiveCounts, type EngineStatus, engineStatus } from './engine-status.ts'
import { Compactor, sweep, trimLog } from './housekeeping.ts'
import { createInspectApi } from './inspect-api.ts'
import { makeIntake } from './intake.ts'
import { recordLive } from './live-definitions.ts'
import { QuarantineFile } from './quarantine-file.ts'
import { enterGroup, type StreamGroup } from './stream-group.ts'
import { coverUnarchived } from './unarchived.ts'

/** How often what is served looks at coverage and marks again. */
const REFRESH_MS = 1_000

/** How often a backfill that is still due, as the last one failed, is tried again. */
const BACKFILL_MS = 60_000

/** How often the log is trimmed and, under the wall clock, timelines are swept. */
const HOUSEKEEPING_MS = 60 * 60_000

export interface EngineOptions {
  /** The data folder, which the caller has locked. */
  readonly data: string
  readonly model: Model
  /** Where the definitions were loaded from, for people. */
  readonly defs: string
  readonly clock: ClockMode
  readonly onBackfill?: (event: BackfillEvent) => void
  readonly onTrouble?: (source: string, message: string | null) => void
}

/** Everything of one data folder in this process: stores, streams, archivers, backfills and the API over them. */
export class Engine {
  readonly app: ReturnType<typeof createApi>
  readonly #options: EngineOptions
  readonly #stores: Stores
  readonly #clock: EngineClock
  readonly #group: StreamGroup
  readonly #streams: ReadonlyMap<string, SourceStream>
  readonly #archivers: ReadonlyMap<string, SourceArchiver>
  readonly #backfills: BackfillRunner
  readonly #vectors: VectorService
  readonly #compactor: Compactor
  readonly #quarantine: QuarantineFile
  readonly #counts: ArchiveCounts
  readonly #stopping = new AbortController()
  readonly #trouble = new Map<string, string>()
  /** The last failure of each timeline's backfill. */
  readonly #failures = new Map<string, string>()
  readonly #running: Promise<unknown>[] = []
  #url: string | null = null
  #started = false

  constructor(
    options: EngineOptions,
    stores: Stores,
    clock: EngineClock,
    group: StreamGroup,
    records: ReadonlyMap<string, TimelineRecord>,
  ) {
    const { model, data } = options
    const { store, log, archive } = stores
    this.#options = options
    this.#stores = stores
    this.#clock = clock
    this.#group = group
    this.#quarantine = new QuarantineFile(data)
    this.#compactor = new Compactor(store)
    this.#counts = new ArchiveCounts(archive, clock.wall)
    const streamed = [...model.sources.values()].filter((source) => source.streamed)
    this.#streams = new Map(streamed.map((source) => [source.name, this.#stream(source, records)]))
    this.#archivers = new Map(
      streamed.filter((source) => source.archive !== null).map((source) => [source.name, this.#archiver(source)]),
    )
    this.#vectors = new VectorService({
      model,
      store,
      now: clock.now,
      clock: clock.mode,
      watermark: (source) => this.#streams.get(source)?.watermark_ms ?? null,
      onUntidy: (key) => this.#compactor.add(key),
    })
    this.#backfills = new BackfillRunner(
      model,
      { store, log, archive, now: clock.wall, clock: clock.mode, onNewest: (ms) => clock.see(ms) },
      this.#stopping.signal,
      () => this.#vectors.refresh(),
    )
    this.app = createApi({
      model,
      vectors: this.#vectors,
      append: makeIntake(log, model),
      ready: () => this.#unready(),
    })
    this.app.route('/', createInspectApi(store, archive))
    this.app.route(
      '/admin/v1',
      createAdminApi({
        model,
        store,
        archive,
        backfills: this.#backfills,
        status: () => this.status(),
        onArchiveLoaded: async () => {
          await this.#vectors.refresh()
          if (this.#started) void this.#backfillDue()
        },
        now: clock.wall,
      }),
    )
  }

  /** Begins to stream, archive, back-fill whatever is not complete, and keep house. */
  async start(url: string | null): Promise<void> {
    this.#url = url
    this.#started = true
    const { signal } = this.#stopping
    await recordLive(this.#stores.store, this.#options.model)
    for (const stream of this.#streams.values()) this.#running.push(stream.run(signal))
    for (const archiver of this.#archivers.values()) this.#running.push(archiver.run(signal))
    this.#running.push(
      this.#every(REFRESH_MS, () => this.#refresh()),
      this.#every(BACKFILL_MS, () => this.#backfillDue()),
      this.#every(HOUSEKEEPING_MS, () => this.#keepHouse()),
    )
    void this.#backfillDue()
  }

  /** Carries what the log holds to the store and the archive, for a process that does not run on. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    if (this.#started) return
    for (const step of [...this.#streams.values(), ...this.#archivers.values()]) {
      while (await step.step()) signal?.throwIfAborted()
    }
    await this.#refresh()
  }

  status(): Promise<EngineStatus> {
    const { model, defs, data, clock } = this.#options
    return engineStatus(
      {
        model,
        ...this.#stores,
        counts: this.#counts,
        backfills: this.#backfills,
        group: this.#group.name,
        watermark: (source) => this.#streams.get(source)?.watermark_ms ?? null,
        trouble: (source) => this.#trouble.get(source) ?? null,
        quarantined: (source) => this.#quarantine.count(source),
      },
      { pid: process.pid, url: this.#url, defs, data, clock },
    )
  }

  /** Stops in order: nothing that was acknowledged is lost, and what was begun is finished or can be gone on with. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
    await this.#backfills.idle()
    await this.#compactor.stop()
    await this.#clock.save(this.#stores.store)
    await this.#stores.close()
  }

  /** @internal For {@link openEngine}. */
  refresh(): Promise<void> {
    return this.#vectors.refresh()
  }

  #stream(source: SourceModel, records: ReadonlyMap<string, TimelineRecord>): SourceStream {
    const { store, log } = this.#stores
    const timelines = [...this.#options.model.timelines.values()]
      .filter((timeline) => timeline.source === source)
      .map((timeline) => ({ timeline, record: records.get(timeline.fingerprint)! }))
    return new SourceStream({
      log,
      store,
      group: this.#group.name,
      source,
      timelines,
      now: this.#clock.wall,
      expires: this.#clock.mode === 'wall',
      onQuarantine: (event) => this.#quarantine.add(event),
      onGap: async (partition, from, to) => {
        const reason = `the log lost the messages ${from} to ${to} of ${source.topic}/${partition} before they were counted`
        for (const { timeline } of timelines) await uncover(store, timeline.fingerprint, reason)
        await coverUnarchived(store, this.#options.model, this.#clock)
        this.#options.onTrouble?.(source.name, reason)
        await this.#vectors.refresh()
        if (this.#started) void this.#backfillDue()
      },
      onApplied: (_, newest_ms) => this.#clock.see(newest_ms),
      onTrouble: (message) => this.#report(source.name, message),
    })
  }

  #archiver(source: SourceModel): SourceArchiver {
    const { store, log, archive } = this.#stores
    return new SourceArchiver({
      log,
      archive,
      source,
      // The stream meets the same events and keeps them aside.
      onQuarantine: () => {},
      onSkipped: (partition, offsets) => noteSkipped(store, source.topic, partition, offsets),
      onGap: async (partition, from, to) => {
        this.#report(
          source.name,
          `the log lost the messages ${from} to ${to} of ${source.topic}/${partition} before they were archived`,
        )
      },
      onTrouble: (message) => this.#report(source.name, message),
    })
  }

  #report(source: string, message: string | null): void {
    if (message === null) this.#trouble.delete(source)
    else this.#trouble.set(source, message)
    this.#options.onTrouble?.(source, message)
  }

  #unready(): string[] {
    return [...this.#trouble].map(([source, message]) => `${source}: ${message}`)
  }

  async #backfillDue(): Promise<void> {
    try {
      await this.#backfills.run(
        () => this.#backfills.due(),
        (event) => this.#tellBackfill(event),
      )
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        this.#report('backfill', error instanceof Error ? error.message : String(error))
    }
  }

  /** What fails is tried again and again: the same failure is told once. */
  #tellBackfill(event: BackfillEvent): void {
    const { fingerprint } = event.timeline
    if (event.type === 'failed') {
      if (this.#failures.get(fingerprint) === event.message) return
      this.#failures.set(fingerprint, event.message)
    } else if (event.type === 'done') this.#failures.delete(fingerprint)
    this.#options.onBackfill?.(event)
  }

  async #refresh(): Promise<void> {
    await this.#vectors.refresh()
    await this.#clock.save(this.#stores.store)
  }

  async #keepHouse(): Promise<void> {
    const { store, log } = this.#stores
    const now_ms = this.#clock.wall()
    await trimLog(store, log, this.#options.model, this.#group.name, now_ms)
    if (this.#clock.mode === 'wall') await sweep(store, now_ms, this.#stopping.signal)
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await sleep(ms, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      // A failure is told and tried again with the next turn.
      await work().catch((error: unknown) =>
        this.#report('upkeep', error instanceof Error ? error.message : String(error)),
      )
    }
  }
}

/** Opens a data folder that the caller has locked, and registers what the model writes. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { model, data } = options
  const clock = new EngineClock(options.clock)
  const stores = await openEmbeddedStores(data, clock.wall)
  try {
    const { store, log } = stores
    await clock.load(store)
    for (const source of model.sources.values()) {
      if (source.streamed) await log.ensureTopic(source.topic, EMBEDDED_PARTITIONS)
    }
    const group = await enterGroup(store, log, model, writtenHash(model))
    const records = await registerTimelines(store, model, group.positions, clock.wall())
    await coverUnarchived(store, model, clock)
    const engine = new Engine(options, stores, clock, group, records)
    await engine.refresh()
    return engine
  } catch (error) {
    await stores.close()
    throw error
  }
}
