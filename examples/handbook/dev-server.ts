import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceProcess } from './millrace-process.ts'

/** What `GET /admin/v1/status` says, as far as it matters here. */
interface Status {
  readonly sources: Readonly<
    Record<
      string,
      { readonly partitions: readonly Partition[]; readonly trouble: string | null; readonly quarantined: number }
    >
  >
  readonly timelines: readonly { readonly entity: string; readonly complete: boolean; readonly reason: string | null }[]
}

interface Partition {
  readonly start: number
  readonly end: number
  readonly streamed: number
  readonly archived: number | null
}

export interface Progress {
  /** Messages in the log, and how many of them are in the online store and in the archive. */
  readonly logged: number
  readonly streamed: number
  readonly archived: number
  /** Events that are in the log, but not valid. */
  readonly quarantined: number
  /** Every timeline is complete. */
  readonly complete: boolean
  readonly trouble: string | null
}

/** Not more often: each look counts the archive's rows. */
const POLL_MS = 200

/** How long nothing may move before we give up. */
const STANDSTILL_MS_MAX = 120_000

/** A `millrace dev` that is started again after each kill, on the same data folder. */
export class DevServer {
  readonly #args: readonly string[]
  #process: MillraceProcess | null = null
  #url: string | null = null

  constructor(defs: string, data: string) {
    this.#args = ['dev', '--defs', defs, '--data', data, '--port', '0', '--clock', 'history', '--json']
  }

  get url(): string {
    if (this.#url === null) throw new Error('millrace dev is not ready')
    return this.#url
  }

  /** Starts the process, without waiting for it to be ready. */
  launch(): void {
    this.#url = null
    this.#process = new MillraceProcess(this.#args)
  }

  /** Waits until it is ready. */
  async ready(): Promise<void> {
    this.#url = await this.#running.find((line) => {
      const event = line.startsWith('{') ? (JSON.parse(line) as { event?: string; url?: string }) : {}
      return event.event === 'ready' ? (event.url ?? null) : null
    })
  }

  async kill(): Promise<void> {
    await this.#running.kill()
  }

  async stop(): Promise<void> {
    await this.#running.stop()
  }

  async progress(): Promise<Progress> {
    const response = await fetch(`${this.url}/admin/v1/status`)
    if (!response.ok) throw new Error(`status was answered ${response.status}: ${await response.text()}`)
    const { sources, timelines } = (await response.json()) as Status
    const { partitions, trouble, quarantined } = sources.transactions!
    const sum = (read: (partition: Partition) => number): number =>
      partitions.reduce((total, partition) => total + read(partition) - partition.start, 0)
    return {
      logged: sum(({ end }) => end),
      streamed: sum(({ streamed }) => streamed),
      archived: sum(({ archived, start }) => archived ?? start),
      quarantined,
      complete: timelines.length > 0 && timelines.every(({ complete }) => complete),
      trouble,
    }
  }

  /** Waits until `done` holds. Throws where nothing moves for long. */
  async until(done: (progress: Progress) => boolean): Promise<Progress> {
    let last = ''
    for (let moved_ms = Date.now(); ; await sleep(POLL_MS)) {
      const progress = await this.progress()
      if (done(progress)) return progress
      const now = JSON.stringify(progress)
      if (now !== last) moved_ms = Date.now()
      last = now
      if (Date.now() - moved_ms > STANDSTILL_MS_MAX)
        throw new Error(`nothing moves any more: ${now}\n${this.#running.tail}`)
    }
  }

  get #running(): MillraceProcess {
    if (this.#process === null) throw new Error('millrace dev was not started')
    return this.#process
  }
}
