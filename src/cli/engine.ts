import type { ClockMode } from '../features/clock.ts'
import type { Model } from '../features/model.ts'
import { createApi } from '../serving/http/api.ts'
import { VectorService } from '../serving/vector-service.ts'
import { noteHole } from '../stores/archive-holes.ts'
import { createAdminApi } from './admin-api.ts'
import { ArchiveWorker } from './archive-worker.ts'
import { type BackfillEvent, BackfillRunner } from './backfill-runner.ts'
import { EMBEDDED_PARTITIONS, openEmbeddedStores, type Stores } from './embedded-stores.ts'
import { EngineClock } from './engine-clock.ts'
import { ArchiveCounts, type EngineStatus, engineStatus } from './engine-status.ts'
import { every } from './every.ts'
import { Compactor, sweep, trimLog } from './housekeeping.ts'
import { createInspectApi } from './inspect-api.ts'
import { makeIntake } from './intake.ts'
import { recordLive } from './live-definitions.ts'
import { StreamWorker } from './stream-worker.ts'
import { Troubles } from './troubles.ts'

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
  readonly onTrouble?: (where: string, message: string | null) => void
}

/** Everything of one data folder in this process: stores, streams, archivers, backfills and the API over them. */
export class Engine {
  readonly app: ReturnType<typeof createApi>
  readonly #options: EngineOptions
  readonly #stores: Stores
  readonly #clock: EngineClock
  readonly #worker: StreamWorker
  readonly #archiver: ArchiveWorker
  readonly #backfills: BackfillRunner
  readonly #vectors: VectorService
  readonly #compactor: Compactor
  readonly #counts: ArchiveCounts
  readonly #troubles: Troubles
  readonly #stopping = new AbortController()
  /** The last failure of each timeline's backfill. */
  readonly #failures = new Map<string, string>()
  readonly #running: Promise<unknown>[] = []
  #url: string | null = null
  #started = false

  private constructor(
    options: EngineOptions,
    stores: Stores,
    clock: EngineClock,
    troubles: Troubles,
    worker: StreamWorker,
    vectors: VectorService,
  ) {
    const { model } = options
    const { store, log, archive } = stores
    this.#options = options
    this.#stores = stores
    this.#clock = clock
    this.#troubles = troubles
    this.#worker = worker
    this.#vectors = vectors
    this.#compactor = new Compactor(store)
    this.#counts = new ArchiveCounts(archive, clock.wall)
    this.#archiver = new ArchiveWorker({
      ...{ model, log, archive, now: clock.wall, troubles },
      onGap: async (source, reason, hole) => {
        await noteHole(store, source, hole)
        options.onTrouble?.(source.name, reason)
      },
    })
    this.#backfills = new BackfillRunner(
      model,
      { store, log, archive, now: clock.wall, clock: clock.mode, onNewest: (ms) => clock.see(ms) },
      this.#stopping.signal,
      () => vectors.refresh(),
    )
    this.app = createApi({ model, vectors, append: makeIntake(log, model), ready: () => troubles.all })
    this.app.route('/', createInspectApi(store, archive))
    this.app.route(
      '/admin/v1',
      createAdminApi({
        model,
        store,
        log,
        archive,
        backfills: this.#backfills,
        status: () => this.status(),
        onArchiveLoaded: async () => {
          await vectors.refresh()
          if (this.#started) void this.#backfillDue()
        },
        now: clock.wall,
        clock: clock.mode,
        writers_ms: 0,
      }),
    )
  }

  /** Opens a data folder that the caller has locked, and registers what the model writes. */
  static async open(options: EngineOptions): Promise<Engine> {
    const { model, data } = options
    const clock = new EngineClock(options.clock)
    const troubles = new Troubles(options.onTrouble)
    const stores = await openEmbeddedStores(data, clock.wall)
    try {
      const { store, log } = stores
      await clock.load(store)
      let engine: Engine | null = null
      const worker = await StreamWorker.open(
        {
          model,
          store,
          log,
          clock,
          troubles,
          onCoverage: async () => engine?.coverageChanged(),
          onGap: ({ name }, reason) => options.onTrouble?.(name, reason),
        },
        EMBEDDED_PARTITIONS,
      )
      const vectors = new VectorService({
        model,
        store,
        now: clock.now,
        clock: clock.mode,
        watermark: (source) => worker.streamOf(source)?.watermark_ms ?? null,
        onUntidy: (key, { source }) => engine?.tidy(key, source.name),
      })
      engine = new Engine(options, stores, clock, troubles, worker, vectors)
      await vectors.refresh()
      return engine
    } catch (error) {
      await stores.close()
      throw error
    }
  }

  /** Begins to stream, archive, back-fill whatever is not complete, and keep house. */
  async start(url: string | null): Promise<void> {
    this.#url = url
    this.#started = true
    const { signal } = this.#stopping
    const troubles = this.#troubles
    await recordLive(this.#stores.store, this.#options.model, this.#clock.wall())
    this.#running.push(
      this.#worker.run(signal),
      this.#archiver.run(signal),
      every(REFRESH_MS, signal, { where: 'upkeep', troubles }, () => this.#refresh()),
      every(BACKFILL_MS, signal, { where: 'backfill', troubles }, () => this.#backfillDue()),
      every(HOUSEKEEPING_MS, signal, { where: 'housekeeping', troubles }, () => this.#keepHouse()),
    )
    void this.#backfillDue()
  }

  /** Carries what the log holds to the store and the archive, for a process that does not run on. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    if (this.#started) return
    for (const step of [...this.#worker.streams.values(), ...this.#archiver.archivers.values()]) {
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
        group: this.#worker.group,
        watermark: (source) => this.#worker.streamOf(source)?.watermark_ms ?? null,
        trouble: (source) => this.#troubles.of(source) ?? this.#troubles.of(`${source} archive`),
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

  /** @internal What is served may be complete no longer: a backfill may be due. */
  async coverageChanged(): Promise<void> {
    await this.#vectors.refresh()
    if (this.#started) void this.#backfillDue()
  }

  /** @internal A timeline that a read found worth a compaction. */
  tidy(key: string, source: string): void {
    this.#compactor.add(key, source)
  }

  async #backfillDue(): Promise<void> {
    try {
      await this.#backfills.run('due', (event) => this.#tellBackfill(event))
      this.#troubles.report('backfill', null)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.#troubles.report('backfill', error instanceof Error ? error.message : String(error))
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
    await trimLog(store, log, this.#options.model, this.#worker.group, now_ms)
    if (this.#clock.mode === 'wall') await sweep(store, now_ms, this.#stopping.signal)
  }
}
