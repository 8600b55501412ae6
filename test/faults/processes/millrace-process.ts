import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** As users install it, where it was built for this run; else the sources. */
const BIN = process.env.FAULTS_BIN ?? join(import.meta.dirname, '../../../bin/millrace.js')

/** Without variables that are about the tests, or another installation: a configuration refuses those that it does not know. */
const OUTER_ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_') && name !== 'NODE_OPTIONS'),
)

/** It takes some 2 s; a machine that also starts brokers may need many times that. */
const READY_MS = 60_000

/** How long it may take to end in order. */
const END_MS = 30_000

/** Lines that are kept of what it says. */
const LINES_MAX = 400

export type Command = 'stream' | 'archive' | 'serve' | 'backfill' | 'status' | 'ingest' | 'renew'

/** One `node bin/millrace.js <command>`, started as often as wanted. */
export class MillraceProcess {
  readonly name: string
  readonly lines: string[] = []
  readonly #args: readonly string[]
  readonly #env: () => Readonly<Record<string, string>>
  #child: ChildProcess | null = null
  #url: string | null = null
  #starts = 0

  constructor(name: string, args: readonly string[], env: () => Readonly<Record<string, string>>) {
    this.name = name
    this.#args = args
    this.#env = env
  }

  /** Where it answers; null where it does not run or is not ready yet. */
  get url(): string | null {
    return this.running ? this.#url : null
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts it without waiting for anything. */
  spawn(): void {
    if (this.running) throw new Error(`${this.name} runs already`)
    const start = ++this.#starts
    this.#url = null
    const child = spawn(process.execPath, [BIN, ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...OUTER_ENV, ...this.#env() },
    })
    this.#child = child
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', (code, signal) => {
      process.off('exit', kill)
      this.#note(start, `ended by ${signal ?? `exit ${code}`}`)
    })
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface(stream).on('line', (line) => {
        this.#note(start, line)
        const url = readyUrl(line)
        if (url !== null && this.#child === child) this.#url = url
      })
    }
  }

  /** Starts it; resolves when it says that it is ready. Throws, with what it said, where it ends before. */
  async start(): Promise<void> {
    this.spawn()
    for (const until = Date.now() + READY_MS; this.#url === null; await sleep(20)) {
      if (!this.running) throw new Error(`${this.name} ended before it was ready:\n${this.end(20)}`)
      if (Date.now() > until) throw new Error(`${this.name} was not ready after ${READY_MS} ms:\n${this.end(20)}`)
    }
  }

  /** Sends a signal, as SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child!.kill(signal)
  }

  /** Ends it as `kill -9` does; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#ended('SIGKILL')
  }

  /** Asks it to end; answers its exit code. Throws where it does not end, or not by itself. */
  async stop(): Promise<number> {
    await this.#ended('SIGTERM')
    return this.#exitCode()
  }

  /** Resolves with the exit code when it ends by itself. Throws where it does not within the limit. */
  async result(limit_ms: number): Promise<number> {
    for (const until = Date.now() + limit_ms; this.running; await sleep(20)) {
      if (Date.now() > until) throw new Error(`${this.name} has not ended after ${limit_ms} ms:\n${this.end(20)}`)
    }
    return this.#exitCode()
  }

  /** The last lines that it said. */
  end(count: number): string {
    return this.lines.slice(-count).join('\n')
  }

  #exitCode(): number {
    const { exitCode, signalCode } = this.#child!
    if (exitCode === null) throw new Error(`${this.name} was ended by ${signalCode}:\n${this.end(20)}`)
    return exitCode
  }

  async #ended(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === null || !this.running) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await gone
    clearTimeout(late)
  }

  #note(start: number, line: string): void {
    this.lines.push(`${this.name}#${start} ${line}`)
    if (this.lines.length > LINES_MAX) this.lines.shift()
  }
}

function readyUrl(line: string): string | null {
  if (!line.startsWith('{')) return null
  try {
    const { msg, url } = JSON.parse(line) as { msg?: unknown; url?: unknown }
    return msg === 'ready' && typeof url === 'string' ? url : null
  } catch {
    return null
  }
}
