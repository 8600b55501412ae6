import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FRONT, FRONT_THREADS } from './clickhouse-front/front-process.ts'
import { untilFree } from './port.ts'
import { ServerProcess } from './server-process.ts'

const READY_MS = 60_000

/** Longest wait for the answer to a plain question; a busy machine needs a while. */
const ANSWER_MS = 5_000

/** As in docker-compose.yml: user, password and database. */
const ACCOUNT = 'millrace'

/** Makes sure that the engine is there: it comes with the other packages. Throws a sentence where it does not load. */
export async function installClickHouse(): Promise<void> {
  try {
    // In a process of its own, as whoever has loaded it cannot be sure to end.
    await promisify(execFile)(process.execPath, ['-e', "import('chdb/connection')"], { cwd: import.meta.dirname })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(`chDB does not load; npm ci installs it: ${text.slice(0, 500)}`)
  }
}

/** ClickHouse's engine behind an HTTP front of ours, as a process of this machine that outlives the one that started it. */
export class ClickHouseServer {
  readonly address: string
  readonly #folder: string
  readonly #port: number
  readonly #process: ServerProcess

  constructor({ folder, port }: { folder: string; port: number }) {
    this.#folder = folder
    this.#port = port
    this.address = `127.0.0.1:${port}`
    this.#process = new ServerProcess(join(folder, 'clickhouse.pid'), join(folder, 'clickhouse.log'))
  }

  get pid(): number | null {
    return this.#process.running?.pid ?? null
  }

  /** Starts it, with its database; returns at once where it runs. Resolves when it answers. */
  async start(): Promise<void> {
    if (this.pid === null) {
      await untilFree('ClickHouse', this.#port)
      const flags = ['--port', String(this.#port), '--user', ACCOUNT, '--password', ACCOUNT]
      this.#process.start(
        process.execPath,
        ['--import', 'tsx', FRONT, '--folder', join(this.#folder, 'data'), ...flags],
        { detached: true, env: { UV_THREADPOOL_SIZE: FRONT_THREADS } },
      )
    }
    await this.#process.untilHealthy(`ClickHouse on ${this.address}`, () => this.healthy(), READY_MS)
    await this.#ask(`CREATE DATABASE IF NOT EXISTS ${ACCOUNT}`)
  }

  /** Whether the engine itself answers, and lets our user in. */
  async healthy(): Promise<boolean> {
    try {
      return (await this.#ask('SELECT 1')) === '1\n'
    } catch {
      return false
    }
  }

  stop(): Promise<boolean> {
    return this.#process.stop()
  }

  async #ask(sql: string): Promise<string> {
    const headers = { 'X-ClickHouse-User': ACCOUNT, 'X-ClickHouse-Key': ACCOUNT }
    const signal = AbortSignal.timeout(ANSWER_MS)
    const answer = await fetch(`http://${this.address}/`, { method: 'POST', headers, body: sql, signal })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text
  }
}
