import { setTimeout as sleep } from 'node:timers/promises'
import { archiveGroup } from '../../src/stores/archive-columns.ts'
import { Judge, type Target } from './judge/judge.ts'
import { Ledger } from './judge/ledger.ts'
import { type Command, MillraceProcess } from './processes/millrace-process.ts'
import { Producer } from './producer.ts'
import { DATABASE, type ServerOptions, Servers } from './servers.ts'
import type { Variant } from './world/definitions.ts'
import { Traffic } from './world/traffic.ts'
import { type World, worldOf } from './world/world.ts'

const BACKFILL_MS = 120_000
const SETTLE_MS = 120_000
const UNTIL_MS = 90_000

export interface InstallationOptions extends ServerOptions {
  readonly seed: number
  /** What it starts with. */
  readonly variant?: Variant
  /** New payments a second. */
  readonly rate?: number
}

/** Servers, millrace's processes over them, a producer, and a judge: everything that one test breaks. */
export class Installation {
  readonly servers: Servers
  readonly world: World
  readonly ledger = new Ledger()
  readonly traffic: Traffic
  readonly judge: Judge
  readonly producer: Producer
  readonly processes: MillraceProcess[] = []
  readonly #targets = new Map<MillraceProcess, Target>()
  readonly #counts = new Map<Command, number>()

  private constructor(servers: Servers, options: InstallationOptions) {
    const { seed, rate = 60, partitions = 4, variant = 'first' } = options
    this.servers = servers
    this.world = worldOf(variant)
    this.traffic = new Traffic({ seed })
    this.judge = new Judge({ ledger: this.ledger, traffic: this.traffic, seed: seed + 1 })
    this.producer = new Producer({
      brokers: servers.kafka.addresses,
      traffic: this.traffic,
      ledger: this.ledger,
      seed: seed + 2,
      partitions,
      rate,
      kind: variant === 'kinds' ? 'payment' : null,
      intake: () => [...this.judge.targets].find(({ url }) => url !== null)?.url ?? null,
    })
  }

  /** Starts the servers; nothing else runs yet. */
  static async start(options: InstallationOptions): Promise<Installation> {
    return new Installation(await Servers.start(options), options)
  }

  /** The processes that are meant to run until they are ended: all but backfills. */
  get standing(): MillraceProcess[] {
    return this.processes.filter(({ name }) => !name.startsWith('backfill-'))
  }

  /** The processes of a kind that are meant to run. */
  all(command: Command): MillraceProcess[] {
    return this.processes.filter(({ name }) => name.startsWith(`${command}-`))
  }

  /**
   * A process of millrace that is not started yet. One that serves is asked by the judge, and takes events, whenever it runs.
   */
  process(command: Command, world = this.world, args: readonly string[] = []): MillraceProcess {
    const count = (this.#counts.get(command) ?? 0) + 1
    this.#counts.set(command, count)
    const { servers } = this
    const process = new MillraceProcess(`${command}-${count}`, [command, ...args], () => ({
      MILLRACE_DEFS: world.folder,
      MILLRACE_REDIS_URL: servers.redisUrl,
      MILLRACE_REDIS_PREFIX: 'mr:',
      MILLRACE_KAFKA_BROKERS: servers.kafka.addresses.join(','),
      MILLRACE_KAFKA_SESSION: '6s',
      MILLRACE_CLICKHOUSE_URL: servers.clickhouse.url,
      MILLRACE_CLICKHOUSE_DATABASE: DATABASE,
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_LOG_LEVEL: 'info',
    }))
    this.processes.push(process)
    if (command === 'serve') {
      const target: Target = {
        name: process.name,
        model: world.model,
        get url() {
          return process.url
        },
      }
      this.#targets.set(process, target)
      this.judge.targets.add(target)
    }
    return process
  }

  async started(command: Command, world = this.world): Promise<MillraceProcess> {
    const process = this.process(command, world)
    await process.start()
    return process
  }

  /** Ends a process for good. */
  async retire(process: MillraceProcess): Promise<void> {
    const target = this.#targets.get(process)
    if (target !== undefined) this.judge.targets.delete(target)
    await process.stop()
    this.forget(process)
  }

  /** A process that has ended and will not be started again. */
  forget(process: MillraceProcess): void {
    this.processes.splice(this.processes.indexOf(process), 1)
  }

  /** Runs a backfill to its end; answers its exit code. */
  async backfill(world = this.world): Promise<{ readonly code: number; readonly said: string }> {
    const process = this.process('backfill', world)
    process.spawn()
    const code = await process.result(BACKFILL_MS)
    this.forget(process)
    return { code, said: process.end(200) }
  }

  /** Runs a command to its end; answers its exit code, and what it said on either stream. */
  async run(command: Command, ...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
    const process = this.process(command, this.world, args)
    process.spawn()
    const code = await process.result(BACKFILL_MS)
    this.forget(process)
    return { code, said: process.end(200) }
  }

  /** Runs a backfill that must fill everything. */
  async fill(world = this.world): Promise<void> {
    const { code, said } = await this.backfill(world)
    if (code !== 0) throw new Error(`backfill ended with ${code}:\n${said}`)
  }

  /**
   * History in the log and in the archive, the older half of it in the archive alone; then stream, archiver and API run, everything is
   * filled, and traffic and questions begin.
   */
  async open({ streams = 1, serves = 1, history = 600 } = {}): Promise<void> {
    await this.openLog(history)
    const half = (await this.servers.ends()).map((end) => Math.floor(end / 2))
    await this.servers.deleteBelow(half)
    await Promise.all([
      ...Array.from({ length: streams }, () => this.started('stream')),
      ...Array.from({ length: serves }, () => this.started('serve')),
    ])
    this.judge.start()
    this.producer.start()
    await this.fill()
  }

  /** History in the log, and all of it in the archive, whose process goes on. */
  async openLog(history: number): Promise<void> {
    await this.producer.history(history)
    await this.started('archive')
    await this.untilArchived()
  }

  /** Resolves when the archive has all that the log has now, while the log may go on. */
  async untilArchived(): Promise<void> {
    const ends = await this.servers.ends()
    const groups = this.world.sources.map(archiveGroup)
    await this.until('what was sent is archived', async () => {
      const archived = await Promise.all(groups.map((group) => this.servers.archivedBelow(group).catch(() => [])))
      return archived.every((below) => ends.every((end, partition) => (below[partition] ?? 0) >= end))
    })
  }

  /** Waits for something that must come true. */
  async until(what: string, condition: () => boolean | Promise<boolean>, limit_ms = UNTIL_MS): Promise<void> {
    for (const end = Date.now() + limit_ms; !(await condition()); await sleep(100)) {
      if (Date.now() > end) throw new Error(`not after ${limit_ms} ms: ${what}`)
    }
  }

  /** Waits until some present answer is ok in every value, of a process or of all. */
  async untilOk(process?: MillraceProcess, limit_ms = UNTIL_MS): Promise<void> {
    const targets = process === undefined ? [...this.judge.targets] : [this.#targets.get(process)!]
    await this.until(
      'all is ok',
      async () => {
        for (const target of targets) {
          if (target.url === null) continue
          const [pair] = this.ledger.pairs.values()
          if (!(await this.judge.askAll(target, null, [{ ...pair!, at_ms: null, current: null }]))) return false
        }
        return true
      },
      limit_ms,
    )
  }

  /** The statuses that a process gives now, each once; `ok` where a value has none. Empty where it does not answer. */
  async statuses(process: MillraceProcess, world = this.world): Promise<Map<string, string>> {
    const [pair] = this.ledger.pairs.values()
    const answer = await fetch(`${process.url}/v1/services/by_keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys: pair }),
    })
    const { status } = (await answer.json()) as { status?: Record<string, string> }
    if (status === undefined) return new Map()
    return new Map([...world.model.features.keys()].map((name) => [name, status[name] ?? 'ok']))
  }

  /** What `/readyz` of a process says, as text; empty where it does not answer. */
  async readiness(process: MillraceProcess): Promise<string> {
    return fetch(`${process.url}/readyz`).then(
      (answer) => answer.text(),
      () => '',
    )
  }

  /** Ends traffic and questions; then all must be ok and equal, within the limit. */
  async settle(limit_ms = SETTLE_MS): Promise<void> {
    await this.producer.settle()
    await this.judge.stop()
    await this.judge.settle(limit_ms)
  }

  /** Ends everything, and removes what was written. */
  async dispose(): Promise<void> {
    await this.judge.stop().catch(() => {})
    await Promise.all(this.processes.map((process) => process.kill()))
    await this.producer.close().catch(() => {})
    await this.servers.dispose()
  }

  /** The ends of all processes' logs. */
  logs(lines: number): string {
    return this.processes.map((process) => `--- ${process.name}\n${process.end(lines)}`).join('\n')
  }
}
