import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { installProgram } from './debian-package.ts'
import { untilFree } from './port.ts'
import { ServerProcess } from './server-process.ts'

const READY_MS = 15_000

/** One Redis that keeps every write on disk and refuses to evict, as production must. */
export class RedisServer {
  readonly address: string
  readonly #folder: string
  readonly #port: number
  readonly #process: ServerProcess

  constructor({ folder, port }: { folder: string; port: number }) {
    this.#folder = folder
    this.#port = port
    this.address = `127.0.0.1:${port}`
    this.#process = new ServerProcess(join(folder, 'redis.pid'), join(folder, 'redis.log'))
  }

  get pid(): number | null {
    return this.#process.running?.pid ?? null
  }

  async start(): Promise<void> {
    if (this.pid === null) {
      await untilFree('Redis', this.#port)
      await installProgram('redis-server')
      await mkdir(join(this.#folder, 'data'), { recursive: true })
      const settings = {
        port: this.#port,
        bind: '127.0.0.1',
        dir: join(this.#folder, 'data'),
        appendonly: 'yes',
        appendfsync: 'everysec',
        'maxmemory-policy': 'noeviction',
      }
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
      this.#process.start('redis-server', args, { detached: true })
    }
    await this.#process.untilHealthy(`Redis on ${this.address}`, () => this.healthy(), READY_MS)
  }

  /** Whether it answers a PING; not while it still loads its data. */
  healthy(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => socket.write('PING\r\n'))
      socket.setTimeout(1_000, () => socket.destroy())
      socket.once('data', (bytes) => {
        resolve(bytes.toString().startsWith('+PONG'))
        socket.destroy()
      })
      socket.once('error', () => resolve(false)).once('close', () => resolve(false))
    })
  }

  stop(): Promise<boolean> {
    return this.#process.stop()
  }
}
