import { setTimeout as sleep } from 'node:timers/promises'
import type { Model } from '../features/model.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { CommandError } from './command-error.ts'
import { watchComputed } from './compute-watch.ts'
import { loadConfig } from './config/load-config.ts'
import type { LoadedConfig } from './config/loaded-config.ts'
import { every } from './every.ts'
import { EXIT } from './exit-code.ts'
import { onInterrupt } from './interrupt.ts'
import { listen } from './listen.ts'
import { LIVE_MS, otherDefinitions, recordLive } from './live-definitions.ts'
import { loadModel } from './load-definitions.ts'
import { createLog, type Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { opsApp } from './ops-server.ts'
import { ServerError } from './server-error.ts'
import { Troubles } from './troubles.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** A server that is away is tried again after this, and after twice as long, up to the most. */
const RETRY_MS_MIN = 200
const RETRY_MS_MAX = 5_000

/**
 * A stop waits so long for servers that do not answer; Docker kills what takes 10 s. Nothing is lost by it: any of the processes may be killed at
 * any time.
 */
const STOP_MS = 6_000

/** The flags of every process over servers. */
export const PROCESS_FLAGS = {
  config: {
    type: 'string',
    description:
      'Configuration file; without it millrace.config.ts, where there is one. MILLRACE_ variables win over it',
    valueHint: 'file',
  },
  defs: {
    type: 'string',
    description: 'Folder of definition files, in place of the configured one',
    valueHint: 'folder',
  },
  port: {
    type: 'string',
    description: 'Port of health and metrics; 0 for any free one. Without it MILLRACE_HTTP_PORT, else any free one',
    valueHint: 'number',
  },
  json: {
    type: 'boolean',
    default: false,
    description:
      'Tells a failure to start as JSON, too; what the process tells while it runs is JSON lines in any case',
  },
} as const

export interface ProcessArgs {
  readonly config?: string | undefined
  readonly defs?: string | undefined
  readonly port?: string | undefined
}

/** Those of {@link opsApp}. */
const OPS_PATHS = ['/healthz', '/readyz', '/metrics']

interface Fetching {
  fetch(request: Request): Response | Promise<Response>
}

/** What one process over servers has at hand. */
export interface ServerProcess {
  readonly config: LoadedConfig
  readonly model: Model
  readonly log: Log
  readonly metrics: Metrics
  readonly troubles: Troubles
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Opens something that needs a server; one that is away is waited for. Rejects when the process is to stop. */
  readonly opened: <T>(what: string, open: () => Promise<T>) => Promise<T>
  /** The same for a server without which it is ready all the same: what is wrong with that one is a note. */
  readonly openedBeside: <T>(what: string, open: () => Promise<T>) => Promise<T>
  /** Answers calls beside those for health and metrics from now on. */
  readonly mount: (app: Fetching) => void
  /** Says again and again by which definitions this process works, and looks who works by others. */
  readonly tellDefinitions: (store: OnlineStore) => Promise<void>
  /** The process does its work now. */
  readonly ready: (fields?: object) => void
}

export interface ProcessOptions {
  readonly name: string
  readonly args: ProcessArgs
  /** Where neither a flag nor the environment names a port. Default: any free one. */
  readonly port?: (config: LoadedConfig) => number
  /** Why it is not ready, beside its troubles. */
  readonly unready?: () => readonly string[]
  /** The exit code where it is stopped before its work is over. Default: that of success, as the work of most has no end. */
  readonly stopped?: number
}

/**
 * Runs a process over servers: configuration, definitions, JSON lines on stdout, `/healthz`, `/readyz` and `/metrics` from its first
 * moment, an orderly stop. `work` is over when the signal is aborted, or before. Answers the exit code.
 */
export async function runServerProcess(
  { name, args, port, unready = () => [], stopped = EXIT.ok }: ProcessOptions,
  work: (process: ServerProcess) => Promise<number | undefined>,
): Promise<number> {
  const config = await loadConfig({ file: args.config ?? null, env: process.env, cwd: process.cwd() })
  if (!config.servers) throw noServers()
  const model = await loadModel(args.defs ?? config.defs)
  const log = createLog({ process: name, level: config.log.level })
  const metrics = new Metrics({ process: name, version: version(), now: Date.now })
  watchComputed(model, {
    now: Date.now,
    counter: (source, column) => metrics.computed(source, column),
    tell: (source, column, message) => log.warn({ source, column }, message),
  })
  const tell = (where: string, message: string | null): void => {
    if (message === null) log.info({ where }, 'all is well again')
    else log.warn({ where }, message)
  }
  const troubles = new Troubles(tell)
  const asides = new Troubles(tell)
  const { signal, release } = onInterrupt()
  let isReady = false
  let others: readonly string[] = []
  const reasons = () => [...(isReady ? [] : ['it is starting']), ...unready(), ...troubles.all]
  const ops = opsApp({ ready: reasons, notes: () => [...others, ...asides.all], metrics })
  let app: Fetching | null = null
  const fetch = (request: Request) =>
    app === null || OPS_PATHS.some((path) => request.url.endsWith(path)) ? ops.fetch(request) : app.fetch(request)
  const { host } = config.http
  const listener = await listen(fetch, { host, port: portOf(args, config, port), flag: '--port' })
  const upkeep: Promise<void>[] = []
  const stopping = new AbortController()
  signal.addEventListener('abort', () => {
    log.info('stopping')
    stopping.abort()
  })
  const overdue = afterAbort(signal, STOP_MS)
  log.info({ url: listener.url, config: config.file, defs: args.defs ?? config.defs }, 'listening')
  try {
    const working = work({
      config,
      model,
      log,
      metrics,
      troubles,
      signal,
      opened: (what, open) => untilOpened(what, open, { troubles, signal }),
      openedBeside: (what, open) => untilOpened(what, open, { troubles: asides, signal }),
      mount: (mounted) => {
        app = mounted
      },
      tellDefinitions: async (store) => {
        const tell = async () => {
          await recordLive(store, model, Date.now())
          others = await otherDefinitions(store, model, Date.now())
        }
        await tell()
        upkeep.push(every(LIVE_MS, stopping.signal, { where: 'live definitions', troubles }, tell))
      },
      ready: (fields = {}) => {
        isReady = true
        log.info({ url: listener.url, ...fields }, 'ready')
      },
    })
    const code = await Promise.race([working, overdue])
    if (code !== OVERDUE) return code ?? EXIT.ok
    log.warn(`stopped without waiting any longer for what does not answer: ${troubles.all.join('; ') || 'its servers'}`)
    return stopped
  } catch (error) {
    if (signal.aborted) return stopped
    throw error
  } finally {
    stopping.abort()
    await Promise.race([Promise.all(upkeep), overdue])
    await listener.close()
    release()
    log.info('stopped')
  }
}

const OVERDUE = Symbol('overdue')

/** Resolves so long after a signal; never without it. */
function afterAbort(signal: AbortSignal, ms: number): Promise<typeof OVERDUE> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => setTimeout(resolve, ms, OVERDUE))
  })
}

function noServers(): CommandError {
  return new CommandError('SERVERS_MISSING', 'it works with Redis, Kafka and ClickHouse, and none is configured', {
    cure:
      'name them in millrace.config.ts, or set MILLRACE_REDIS_URL, MILLRACE_KAFKA_BROKERS and MILLRACE_CLICKHOUSE_URL; ' +
      'millrace dev needs none of them',
    exitCode: EXIT.usage,
  })
}

function portOf(args: ProcessArgs, config: LoadedConfig, otherwise: ProcessOptions['port']): number {
  if (args.port !== undefined) {
    const port = /^[0-9]{1,5}$/.test(args.port) ? Number(args.port) : Number.NaN
    if (port <= 65_535) return port
    throw new UsageError(`--port: '${args.port}' is not a port`, 'give a number from 0 (any free one) to 65535')
  }
  if (process.env.MILLRACE_HTTP_PORT) return config.http.port
  return otherwise?.(config) ?? 0
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

async function untilOpened<T>(
  what: string,
  open: () => Promise<T>,
  { troubles, signal }: Pick<ServerProcess, 'troubles' | 'signal'>,
): Promise<T> {
  for (let retry_ms = RETRY_MS_MIN; ; retry_ms = Math.min(2 * retry_ms, RETRY_MS_MAX)) {
    signal.throwIfAborted()
    try {
      // Some wait for minutes until they take a silent server for lost.
      const found = await unlessAborted(open(), signal)
      troubles.report(what, null)
      return found
    } catch (error) {
      const final = error instanceof ServerError ? !error.retryable : error instanceof CommandError
      if (final || signal.aborted) throw error
      troubles.report(what, error instanceof Error ? error.message : String(error))
      await sleep(retry_ms, undefined, { signal })
    }
  }
}
