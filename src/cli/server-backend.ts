import { randomUUID } from 'node:crypto'
import type { Model } from '../features/model.ts'
import { createApi } from '../serving/http/api.ts'
import { StoreProgress } from '../serving/store-progress.ts'
import { VectorService } from '../serving/vector-service.ts'
import { createAdminApi } from './admin-api.ts'
import { BackfillRunner } from './backfill-runner.ts'
import type { LoadedConfig } from './config/loaded-config.ts'
import { hidden } from './config/shown-value.ts'
import type { Stores } from './embedded-stores.ts'
import { EngineClock } from './engine-clock.ts'
import { ArchiveCounts, engineStatus } from './engine-status.ts'
import { createInspectApi } from './inspect-api.ts'
import { openInspectApi } from './inspect-catalogue.ts'
import { makeIntake } from './intake.ts'
import type { Backend } from './request.ts'
import { openServerArchive, openServerLog, openServerStore } from './server-stores.ts'
import { ensureTopics, enterGroup, groupName } from './stream-group.ts'

/** How long other processes may take to learn what was registered: some times what they wait between two looks. */
export const WRITERS_MS = 5_000

/** Opens Redis, Kafka and ClickHouse. */
export async function openServers(config: LoadedConfig): Promise<Stores> {
  const opened: { close(): Promise<void> }[] = []
  const keep = async <T extends { close(): Promise<void> }>(open: Promise<T>): Promise<T> => {
    const found = await open
    opened.unshift(found)
    return found
  }
  const close = async () => {
    for (const one of opened.splice(0)) await one.close()
  }
  try {
    const store = await keep(openServerStore(config))
    const log = await keep(openServerLog(config))
    const archive = await keep(openServerArchive(config))
    return { store, log, archive, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Backfills over servers: beside those of other processes. */
export function serverBackfills(
  model: Model,
  { store, log, archive }: Stores,
  clock: EngineClock,
  signal: AbortSignal,
  changed: () => Promise<void>,
): BackfillRunner {
  const options = {
    ...{ store, log, archive, now: clock.wall, clock: clock.mode, writers_ms: WRITERS_MS, worker: randomUUID() },
    onNewest: (ms: number) => clock.see(ms),
    register: async () => void (await enterGroup({ store, log, model, now: clock.wall })),
  }
  return new BackfillRunner(model, options, signal, changed)
}

/** The servers of a configuration, looked at or acted on by a command through the same API as those of a `dev`. */
export async function openServerBackend(config: LoadedConfig, model: Model, defs: string): Promise<Backend> {
  const stores = await openServers(config)
  try {
    const { store, log, archive } = stores
    const clock = new EngineClock(config.clock)
    await clock.load(store)
    const progress = new StoreProgress(store, model)
    const vectors = new VectorService({
      model,
      store,
      now: clock.now,
      clock: clock.mode,
      watermark: progress.watermark,
      progress,
    })
    await vectors.refresh()
    const stopping = new AbortController()
    const backfills = serverBackfills(model, stores, clock, stopping.signal, () => vectors.refresh())
    const counts = new ArchiveCounts(archive, clock.wall)
    const { redis, kafka, clickhouse } = config
    const data = `Redis ${hidden(redis!.url)}, Kafka ${kafka!.brokers.join(',')}, ClickHouse ${hidden(clickhouse!.url)}`
    const status = () =>
      engineStatus(
        {
          model,
          ...stores,
          counts,
          backfills,
          group: groupName(model),
          watermark: progress.watermark,
          trouble: () => null,
        },
        { pid: process.pid, url: null, defs, data, clock: clock.mode },
      )
    await ensureTopics(log, model, kafka!.partitions)
    const app = createApi({ model, vectors, append: makeIntake(log, model), ready: () => [] })
    app.route('/', createInspectApi(store, archive))
    const onArchiveLoaded = () => vectors.refresh()
    const shown = { backfills, status, onArchiveLoaded }
    const told = { now: clock.wall, clock: clock.mode, writers_ms: WRITERS_MS }
    app.route('/admin/v1', createAdminApi({ model, store, log, archive, ...shown, ...told }))
    return {
      url: null,
      request: async (path, init) => app.request(path, init),
      async close() {
        stopping.abort()
        await backfills.idle()
        await stores.close()
      },
    }
  } catch (error) {
    await stores.close()
    throw error
  }
}

/** The same for a look at what is stored: nothing is written. */
export async function openServerInspection(config: LoadedConfig, model: Model | null): Promise<Backend> {
  const stores = await openServers(config)
  const app = await openInspectApi(stores, model, { clock: config.clock, servers: true })
  return { url: null, request: async (path, init) => app.request(path, init), close: () => stores.close() }
}
