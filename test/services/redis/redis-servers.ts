import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { claimPort } from '../../../scripts/servers/port.ts'

/** How long a server may take to answer its first PING; it takes some 50 ms. */
const START_MS_MAX = 20_000

const CLUSTER_MS_MAX = 60_000

/** A port's bus port is 10,000 above it, and ports that the system gives out by itself begin at 32,768: both stay below. */
const PORT_MIN = 20_000
const PORT_MAX = 22_700

/** A replica's first copy is sent at once; Redis waits 5 s otherwise, for others to come. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0']

/** One redis-server of our own: on a free port of 127.0.0.1, with its files in a folder of its own. */
export class RedisServer {
  readonly port: number
  readonly folder: string
  readonly #args: readonly string[]
  #process: ChildProcess | null = null

  /** What redis-cli needs to reach it. */
  readonly #access: readonly string[]

  private constructor(port: number, folder: string, args: readonly string[], access: readonly string[] = []) {
    this.port = port
    this.folder = folder
    this.#args = args
    this.#access = access
  }

  /** `args`: as on the command line of redis-server, such as `--maxmemory 10mb`. */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'millrace-redis-'))
    const server = new RedisServer(port, folder, args)
    await server.start()
    return server
  }

  /** One that speaks TLS only. */
  static async startTls({ cert, key }: { cert: string; key: string }): Promise<RedisServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'millrace-redis-'))
    const tls = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no']
    const args = ['--port', '0', '--tls-port', String(port), ...tls]
    const server = new RedisServer(port, folder, args, ['--tls', '--cacert', cert])
    await server.start()
    return server
  }

  /** A sentinel that watches nothing yet. */
  static async startSentinel(): Promise<RedisServer> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'millrace-redis-'))
    await writeFile(join(folder, 'sentinel.conf'), '')
    const server = new RedisServer(port, folder, [join(folder, 'sentinel.conf'), '--sentinel'])
    await server.start()
    return server
  }

  get url(): string {
    if (this.#access.length > 0) return `rediss://127.0.0.1:${this.port}`
    return `redis://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process!.pid!
  }

  /** Starts it on its old port and files, and waits until it has loaded them. */
  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder]
    const sentinel = this.#args.includes('--sentinel')
    const args = sentinel ? [...this.#args, ...own] : [...own, '--save', '', ...AT_ONCE, ...this.#args]
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
    let failed: Error | null = null
    child.once('error', (error) => {
      failed = new Error('redis-server cannot be started: install it (Debian: apt-get install redis-server)', {
        cause: error,
      })
    })
    this.#process = child
    const until = performance.now() + START_MS_MAX
    while (failed === null && child.exitCode === null && performance.now() < until) {
      const ping = spawnSync('redis-cli', ['-p', String(this.port), ...this.#access, 'ping'], { encoding: 'utf8' })
      if (ping.stdout?.trim() === 'PONG') return
      await sleep(20)
    }
    child.kill('SIGKILL')
    throw failed ?? new Error(`redis-server on port ${this.port} did not start:\n${output}`)
  }

  /** As redis-cli answers. Throws where it says that something failed. */
  cli(...args: readonly string[]): string {
    const all = ['-p', String(this.port), ...this.#access, '-e', ...args]
    const { status, stdout, stderr } = spawnSync('redis-cli', all, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`redis-cli ${args.join(' ').slice(0, 100)}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  get alive(): boolean {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Ends the process, by default as kill -9 does. Its files stay. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (child === null || !this.alive) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }

  /** Ends the process and removes its files. */
  async dispose(): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A cluster of our own: some masters, and as many replicas of each as wanted. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  static async start(masters: number, replicasEach: number, ...args: readonly string[]): Promise<RedisCluster> {
    const nodes: RedisServer[] = []
    const cluster = new RedisCluster(nodes)
    try {
      for (let i = 0; i < masters * (1 + replicasEach); i++) nodes.push(await cluster.#startNode(args))
      const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
      await cluster.#manage('create', ...addresses, '--cluster-replicas', String(replicasEach), '--cluster-yes')
      await cluster.agree()
      return cluster
    } catch (error) {
      await cluster.dispose()
      throw error
    }
  }

  get url(): string {
    return `redis+cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** Waits until all living nodes call the cluster whole, agree on who has what, and replicas follow their masters. */
  async agree(): Promise<void> {
    const until = performance.now() + CLUSTER_MS_MAX
    for (;;) {
      const living = this.nodes.filter((node) => node.alive)
      const views = new Set(living.map((node) => slotsOf(node)))
      const ok = living.every((node) => node.cli('cluster', 'info').includes('cluster_state:ok'))
      const linked = living.every((node) => !node.cli('info', 'replication').includes('master_link_status:down'))
      if (ok && linked && views.size === 1) return
      if (performance.now() > until) throw new Error('the nodes of the Redis cluster do not agree')
      await sleep(100)
    }
  }

  /** The nodes that take writes now, as a living node says, by their lowest slot. */
  masters(): RedisServer[] {
    const lines = slotsOf(this.nodes.find((node) => node.alive)!).split('\n')
    return lines.map((line) => this.#byPort(Number(line.split(' ')[1])))
  }

  replicasOf(master: RedisServer): RedisServer[] {
    const id = master.cli('cluster', 'myid')
    const lines = master.cli('cluster', 'replicas', id).split('\n')
    return lines.map((line) => this.#byPort(Number(/:(\d+)@/.exec(line)![1])))
  }

  async #startNode(args: readonly string[]): Promise<RedisServer> {
    return RedisServer.start('--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', ...args)
  }

  /** Takes one more node in, as a master without slots. */
  async add(...args: readonly string[]): Promise<RedisServer> {
    const node = await this.#startNode(args)
    const any = this.nodes[0]!
    ;(this.nodes as RedisServer[]).push(node)
    await this.#manage('add-node', `127.0.0.1:${node.port}`, `127.0.0.1:${any.port}`)
    await this.agree()
    return node
  }

  /** Moves so many slots, key by key, as one does it with a cluster that is at work. */
  async move(slots: number, from: RedisServer, to: RedisServer): Promise<void> {
    const [source, target] = [from.cli('cluster', 'myid'), to.cli('cluster', 'myid')]
    const which = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', String(slots)]
    await this.#manage('reshard', `127.0.0.1:${from.port}`, ...which, '--cluster-yes')
  }

  async #manage(...args: readonly string[]): Promise<void> {
    const child = spawn('redis-cli', ['--cluster', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
    const status = await new Promise((resolve) => child.once('exit', resolve))
    if (status !== 0) throw new Error(`redis-cli --cluster ${args.join(' ')}: ${output.slice(-2_000)}`)
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()))
  }

  #byPort(port: number): RedisServer {
    return this.nodes.find((node) => node.port === port)!
  }
}

/** Every range of slots with its master's port, as one node sees it. */
function slotsOf(node: RedisServer): string {
  const found: [start: number, port: number][] = []
  for (const line of node.cli('cluster', 'nodes').split('\n')) {
    const [, address, flags, , , , , , ...slots] = line.split(' ')
    if (!flags!.includes('master') || flags!.includes('fail')) continue
    for (const range of slots) {
      if (!range.startsWith('[')) found.push([Number(range.split('-')[0]), Number(/:(\d+)@/.exec(address!)![1])])
    }
  }
  found.sort((a, b) => a[0] - b[0])
  return found.map(([start, port]) => `${start} ${port}`).join('\n')
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    // Nodes of a cluster talk to each other on a port of their own, which others would choose as well.
    const bus = port + 10_000
    if ((await isFree(port)) && (await isFree(bus)) && (await claimPort(port)) && (await claimPort(bus))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
