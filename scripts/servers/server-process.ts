import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity, processStarted } from './process-identity.ts'

/** How long a server may take to stop by itself: Kafka hands over and flushes. */
const STOP_MS = 20_000

/** Lines of a server's log that are shown when it does not start. */
const LOG_LINES = 15

/** A server's process, remembered in a file, so that only what was started here is ever stopped. */
export class ServerProcess {
  readonly #pidFile: string
  readonly #logFile: string

  constructor(pidFile: string, logFile: string) {
    this.#pidFile = pidFile
    this.#logFile = logFile
  }

  /** The process that was started and still runs; null: none. */
  get running(): ProcessIdentity | null {
    if (!existsSync(this.#pidFile)) return null
    try {
      const identity: ProcessIdentity = JSON.parse(readFileSync(this.#pidFile, 'utf8'))
      return isAlive(identity) ? identity : null
    } catch {
      return null
    }
  }

  /** Starts a program, which outlives this process where it is detached; its output goes to the log file. */
  start(
    program: string,
    args: readonly string[],
    { detached, env = {} }: { detached: boolean; env?: Readonly<Record<string, string>> },
  ): ChildProcess {
    mkdirSync(dirname(this.#pidFile), { recursive: true })
    const log = openSync(this.#logFile, 'a')
    const child = spawn(program, args, { detached, stdio: ['ignore', log, log], env: { ...process.env, ...env } })
    closeSync(log)
    child.on('error', () => {})
    if (child.pid !== undefined) {
      writeFileSync(this.#pidFile, JSON.stringify({ pid: child.pid, started: processStarted(child.pid) }))
    }
    if (detached) child.unref()
    return child
  }

  /** Asks the process to stop, and kills it where it does not. Answers whether there was one. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
    const { running } = this
    if (running !== null) {
      process.kill(running.pid, signal)
      for (const until = Date.now() + STOP_MS; isAlive(running) && Date.now() < until; ) await sleep(20)
      if (isAlive(running)) process.kill(running.pid, 'SIGKILL')
      while (isAlive(running)) await sleep(20)
    }
    rmSync(this.#pidFile, { force: true })
    return running !== null
  }

  /** Resolves once `healthy` says so; throws, with the end of the log, when the process ends or time is up. */
  async untilHealthy(name: string, healthy: () => Promise<boolean>, timeout_ms: number): Promise<void> {
    for (const until = Date.now() + timeout_ms; ; await sleep(50)) {
      if (this.running === null) throw new Error(`${name} ended before it was ready:\n${this.#logEnd()}`)
      if (await healthy()) return
      if (Date.now() > until) throw new Error(`${name} was not ready after ${timeout_ms} ms:\n${this.#logEnd()}`)
    }
  }

  #logEnd(): string {
    const lines = existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8').trimEnd().split('\n') : []
    return lines.slice(-LOG_LINES).join('\n')
  }
}
