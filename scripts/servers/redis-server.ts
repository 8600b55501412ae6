import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ServerProcess } from './server-process.ts'

const run = promisify(execFile)

const READY_MS = 15_000

/** Another apt may be running on this machine. */
const APT_LOCK_SECONDS = 120

/** Makes sure that `redis-server` is there: Debian's package, as root or by sudo. Throws a sentence where it cannot be had. */
export async function installRedis(): Promise<void> {
  if (await has('redis-server')) return
  const apt = ['apt-get', '-y', '-o', `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`]
  const command = process.getuid?.() === 0 ? apt : ['sudo', '-n', ...apt]
  const install = [...command.slice(1), 'install', '--no-install-recommends', 'redis-server']
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } }
  try {
    await run(command[0]!, install, environment).catch(async () => {
      await run(command[0]!, [...command.slice(1), 'update'], environment)
      await run(command[0]!, install, environment)
    })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(`redis-server is not here and could not be installed by apt-get: ${text.slice(0, 500)}`)
  }
}

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
      if (await this.healthy()) throw new Error(`Redis cannot start: something else listens on ${this.address}`)
      await installRedis()
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

async function has(program: string): Promise<boolean> {
  try {
    await run(program, ['--version'])
    return true
  } catch {
    return false
  }
}
