import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '../..')

/** It takes some 2 s; a busy machine needs many times that. */
const READY_MS_MAX = 60_000

/** How long it may take to end in order. */
const END_MS_MAX = 20_000

/** A `millrace dev` of feature-defs with a data folder of its own. */
export class DevServer {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** Throws where it does not get ready. */
  static async start(data: string): Promise<DevServer> {
    const args = ['dev', '--defs', join(ROOT, 'feature-defs'), '--data', data, '--port', '0', '--json']
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_')))
    const child = spawn(process.execPath, [join(ROOT, 'bin/millrace.js'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    })
    const kill = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX)
    try {
      for await (const line of createInterface({ input: child.stdout! })) {
        const { event, url } = JSON.parse(line) as { event: string; url?: string }
        if (event !== 'ready') continue
        // Else it would wait for a reader of what it says later.
        child.stdout!.resume()
        const server = new DevServer(url!, child)
        await server.#served()
        return server
      }
    } finally {
      clearTimeout(kill)
    }
    throw new Error('millrace dev did not get ready')
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), END_MS_MAX)
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
    clearTimeout(kill)
  }

  async #served(): Promise<void> {
    while ((await fetch(`${this.url}/readyz`)).status !== 200) await sleep(100)
  }
}
