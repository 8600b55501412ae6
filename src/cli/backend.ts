import { setTimeout as sleep } from 'node:timers/promises'
import type { ClockMode } from '../features/clock.ts'
import type { Model } from '../features/model.ts'
import { watchComputed } from './compute-watch.ts'
import { DataFolderInUseError, type DataFolderLock, folderClock, lockDataFolder, readHolder } from './data-folder.ts'
import { HttpBackend } from './http-backend.ts'
import type { Backend } from './request.ts'
import type { Settings } from './settings.ts'

/** How long another command, or a `dev` that starts or stops, is waited for. */
const WAIT_MS_MAX = 10_000
const WAIT_PAUSE_MS = 100

/** A wait longer than this is told. */
const WAIT_TOLD_MS = 1_000

/** How long a `dev` may take to say that it lives. */
const ALIVE_MS_MAX = 2_000

export interface BackendOptions {
  readonly settings: Settings
  readonly model: Model
  /** Null: as the data folder was used last. */
  readonly clock: ClockMode | null
  /** The command that asks, for others that find the data folder locked. */
  readonly command: string
  /** Values are asked for, so what the log holds is counted first, where no `dev` does that. */
  readonly caughtUp: boolean
  readonly note: (text: string) => void
}

/**
 * How a command acts on the configured servers: by connecting to them; and on a data folder: through the API of the `dev` that holds it, else by opening it in this process, through
 * the same API. Throws a DataFolderInUseError where another command holds it and does not end soon.
 */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { settings, model, clock, caughtUp } = options
  const { data, defs, config } = settings
  watchComputed(model, { now: Date.now, tell: (_, __, message) => options.note(message) })
  if (data === null) return (await import('./server-backend.ts')).openServerBackend(config, model, defs)
  return enter({ ...options, data }, async () => {
    const { Engine } = await import('./engine.ts')
    const engine = await Engine.open({ data, defs, model, clock: folderClock(data, clock) })
    if (caughtUp) await engine.catchUp()
    return { app: engine.app, close: () => engine.close() }
  })
}

export interface InspectionOptions extends Pick<BackendOptions, 'settings' | 'command' | 'note'> {
  /** Definitions whose catalogue is asked for. */
  readonly model?: Model
}

/** The same for a look at what is stored: no definition is registered, nothing is written. */
export async function openInspection(options: InspectionOptions): Promise<Backend> {
  const { data, config } = options.settings
  const { model = null } = options
  if (data === null) return (await import('./server-backend.ts')).openServerInspection(config, model)
  return enter({ ...options, data }, async () => {
    const { openEmbeddedStores } = await import('./embedded-stores.ts')
    const { openInspectApi } = await import('./inspect-catalogue.ts')
    const stores = await openEmbeddedStores(data, Date.now)
    const app = await openInspectApi(stores, model, { clock: folderClock(data, null), servers: false })
    return { app, close: () => stores.close() }
  })
}

interface Opened {
  readonly app: { request(path: string, init?: RequestInit): Response | Promise<Response> }
  close(): Promise<void>
}

/** Finds the `dev` that holds the folder, or locks the folder and opens it here, whichever can be had first. */
async function enter(
  { data, command, note }: Pick<BackendOptions, 'command' | 'note'> & { readonly data: string },
  open: () => Promise<Opened>,
): Promise<Backend> {
  const begun_ms = Date.now()
  let told = false
  for (;;) {
    const holder = readHolder(data)
    if (holder === null) {
      const lock = await lockDataFolder(data, command).catch(unlessInUse)
      if (lock !== null) return openLocked(lock, open)
    } else {
      if (holder.url !== null && (await answers(holder.url))) return new HttpBackend(holder.url)
      const waited_ms = Date.now() - begun_ms
      if (waited_ms >= WAIT_MS_MAX) throw new DataFolderInUseError(data, holder)
      if (!told && waited_ms >= WAIT_TOLD_MS) {
        note(`waiting for 'millrace ${holder.command}' (process ${holder.pid}), which holds ${data}`)
        told = true
      }
    }
    await sleep(WAIT_PAUSE_MS)
  }
}

/** Null where another process was faster: the next turn asks who it is. */
function unlessInUse(error: unknown): null {
  if (error instanceof DataFolderInUseError) return null
  throw error
}

async function openLocked(lock: DataFolderLock, open: () => Promise<Opened>): Promise<Backend> {
  try {
    const { app, close } = await open()
    return {
      url: null,
      request: async (path, init) => app.request(path, init),
      close: () => close().finally(() => lock.release()),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function answers(url: string): Promise<boolean> {
  const backend = new HttpBackend(url)
  try {
    const answer = await backend.request('/healthz', { signal: AbortSignal.timeout(ALIVE_MS_MAX) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  } finally {
    await backend.close()
  }
}
