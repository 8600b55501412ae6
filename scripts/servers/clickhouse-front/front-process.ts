import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const FRONT = fileURLToPath(new URL('front.ts', import.meta.url))

/** The front holds a thread for each query that runs; Node has four unless told otherwise. */
export const FRONT_THREADS = '16'

/** Flags of `front.ts` beside its folder. */
export interface FrontFlags {
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly 'no-tag'?: boolean
  readonly cert?: string
  readonly key?: string
}

/** What the front says about itself. */
export interface FrontStats {
  readonly pid: number
  readonly written_bytes: number
  readonly packed_bytes: number
  readonly requests: number
  readonly open_queries: number
  readonly rss: number
}

/** A ClickHouse over chDB as a process of its own, on 127.0.0.1, that lives no longer than this one. */
export class ClickHouseFront {
  readonly #folder: string
  #flags: FrontFlags
  #child: ChildProcess | null = null

  private constructor(folder: string, flags: FrontFlags) {
    this.#folder = folder
    this.#flags = flags
  }

  static async start(folder: string, flags: FrontFlags = {}): Promise<ClickHouseFront> {
    const front = new ClickHouseFront(folder, flags)
    await front.start()
    return front
  }

  get url(): string {
    return `${this.#flags.cert === undefined ? 'http' : 'https'}://127.0.0.1:${this.#flags.port}`
  }

  get pid(): number {
    return this.#child!.pid!
  }

  /** Starts it again, on the port that it had. Resolves when it answers. */
  async start(): Promise<void> {
    const flags = Object.entries(this.#flags).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)],
    )
    const child = spawn(process.execPath, ['--import', 'tsx', FRONT, '--folder', this.#folder, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, UV_THREADPOOL_SIZE: FRONT_THREADS },
    })
    this.#child = child
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    const line = await Promise.race([
      once(createInterface(child.stdout!), 'line'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the front ended with ${String(code)}`))),
    ])
    this.#flags = { ...this.#flags, port: Number(line[0]) }
  }

  /** Sends a signal; for one that ends it, resolves when it has gone. */
  async signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child!
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited
  }

  stop(): Promise<void> {
    return this.signal('SIGTERM')
  }

  async stats(): Promise<FrontStats> {
    const answer = await fetch(`${this.url}/front/stats`)
    return (await answer.json()) as FrontStats
  }

  /** Asks it as `curl` would; gives the text of the answer, or throws it where it is an error. */
  async ask(sql: string): Promise<string> {
    const { user = 'default', password = '' } = this.#flags
    const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password }
    const answer = await fetch(this.url, { method: 'POST', headers, body: sql })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text
  }
}
