import { randomUUID } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import type { Mark, MarkMove, OnlineStore, StoredDocument, TimelineAppend, TimelineKey } from '../../online-store.ts'
import { checkAppend, checkAppendBytes, checkDocument, checkKey, checkMoves } from '../append-check.ts'
import { AppendCommand } from './append-command.ts'
import { Documents } from './documents.ts'
import { Exchange } from './exchange.ts'
import { KeyNames } from './key-names.ts'
import { Call } from './keyed-command.ts'
import { MarkKeeper, NO_ROWS } from './mark-keeper.ts'
import { Nodes } from './nodes.ts'
import { ReadCommand } from './read-command.ts'
import { RedisStoreError } from './redis-error.ts'
import { parseRedisUrl } from './redis-url.ts'
import { SWAP, sha1 } from './scripts.ts'
import { TimelineScan } from './timeline-scan.ts'

export interface RedisStoreOptions {
  /**
   * Where Redis is: see {@link parseRedisUrl}. Its user needs `+@read +@write +@scripting +@connection +info` (and
   * `+cluster|slots`) for keys that begin with the prefix.
   */
  readonly url: string
  /** What every key begins with, to share a Redis with others. Default: nothing. */
  readonly prefix?: string
  /** Keeps entities out of Redis's keys, under a hash with this secret (L6). It must not change while there are timelines. */
  readonly secret?: string
  /** More for TLS (`rediss`): `ca`, `cert`, `key`. */
  readonly tls?: ConnectionOptions
  /** How long a call waits for nodes that cannot answer, as in a fail-over, before it throws. Default 1,000. */
  readonly patience_ms?: number
  /** A node that says nothing for so long is taken for lost. Default 5,000. */
  readonly timeout_ms?: number
  /** How often all nodes are looked at: eviction policy, marks, owners of slots. Default 1,000. */
  readonly check_ms?: number
  /** Wall clock, epoch milliseconds, for expiries. */
  readonly now: () => number
}

const PATIENCE_MS = 1_000
const TIMEOUT_MS = 5_000
const CHECK_MS = 1_000

/** Commands that are kept to be used again: as many as two batches of a stream need, in some megabytes. */
const SPARE_COMMANDS_MAX = 20_000

/** Rows that were lost are written again at most so often in one call: something takes them away. */
const TRIES_MAX = 10

/**
 * Connects to Redis 7 or newer: a single one, a cluster, or one behind sentinels. Throws a RedisStoreError where it cannot be
 * reached or may not be used.
 */
export async function openRedisOnlineStore(options: RedisStoreOptions): Promise<RedisOnlineStore> {
  const place = parseRedisUrl(options.url)
  const names = new KeyNames(options.prefix ?? '', options.secret ?? null)
  const nodes = await Nodes.open(place, {
    user: place.user,
    password: place.password,
    database: place.database,
    tls: place.tls ? (options.tls ?? {}) : null,
    timeout_ms: options.timeout_ms ?? TIMEOUT_MS,
  })
  const exchange = new Exchange(nodes, options.patience_ms ?? PATIENCE_MS)
  const marks = new MarkKeeper(exchange, names, randomUUID())
  const store = new RedisOnlineStore(exchange, names, marks, options)
  try {
    await marks.check()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

/**
 * The online store in Redis: a timeline is one string, an append is `APPEND`, a read is `GET` (DESIGN.md, section 4). All commands
 * of a call that go to one node go in one batch. What was acknowledged is as durable as Redis makes it; what it loses, the
 * marks tell. An append whose mark has moved may have written its rows. Bytes that are given must not change until the
 * promise resolves.
 */
export class RedisOnlineStore implements OnlineStore {
  readonly #exchange: Exchange
  readonly #names: KeyNames
  readonly #marks: MarkKeeper
  readonly #documents: Documents
  readonly #scan: TimelineScan
  readonly #now: () => number
  readonly #spare: AppendCommand[] = []
  #running = 0
  #finished: (() => void) | null = null
  readonly #checking: NodeJS.Timeout
  #open = true

  constructor(exchange: Exchange, names: KeyNames, marks: MarkKeeper, { now, check_ms = CHECK_MS }: RedisStoreOptions) {
    this.#exchange = exchange
    this.#names = names
    this.#marks = marks
    this.#documents = new Documents(exchange, names.documents)
    this.#scan = new TimelineScan(exchange, names)
    this.#now = now
    let busy = false
    this.#checking = setInterval(() => {
      if (busy) return
      busy = true
      // Whatever is wrong, the next call runs into it.
      void this.check()
        .catch(() => {})
        .finally(() => {
          busy = false
        })
    }, check_ms)
    this.#checking.unref()
  }

  async read(keys: readonly TimelineKey[]): Promise<(Uint8Array | null)[]> {
    return this.#run(async () => {
      const reads = keys.map((key) => {
        checkKey(key)
        return new ReadCommand(this.#names.toRedis(key))
      })
      await this.#marks.guardRead(() => this.#exchange.settle(reads, { tail: this.#marks.witness }))
      return reads.map(({ rows }) => rows)
    })
  }

  async append(appends: readonly TimelineAppend[], moves: readonly MarkMove[] = []): Promise<void> {
    return this.#run(async () => {
      checkMoves(moves)
      const commands = this.#commands(appends)
      if (moves.length === 0) await this.#exchange.settle(commands)
      else {
        await this.#marks.expect(moves)
        if (commands.length === 0) await this.#marks.move(moves, NO_ROWS)
        else await this.#marks.withProofs((field) => this.#appendAndMove(commands, moves, field))
      }
      this.#keep(commands)
    })
  }

  async swap(key: TimelineKey, seen: Uint8Array, next: Uint8Array): Promise<boolean> {
    return this.#run(async () => {
      checkKey(key)
      const swap = Call.script(SWAP, this.#names.toRedis(key), seen.length, sha1(seen), next)
      await this.#exchange.settle([swap])
      return swap.reply === 1
    })
  }

  async marks(group?: string): Promise<Mark[]> {
    return this.#run(async () => (await this.#marks.read()).filter((mark) => (group ?? mark.group) === mark.group))
  }

  async groups(): Promise<string[]> {
    return this.#run(async () => [...new Set((await this.#marks.read()).map(({ group }) => group))])
  }

  async removeMarks(group: string, topic?: string): Promise<void> {
    return this.#run(() => this.#marks.remove(group, topic))
  }

  /** A key may come twice where slots are moved meanwhile. */
  async *keys(prefix: string): AsyncGenerator<TimelineKey> {
    this.#check()
    for await (const keys of this.#scan.walk(prefix)) {
      yield* keys
      this.#check()
    }
  }

  async remove(prefix: string): Promise<void> {
    return this.#run(() => this.#scan.remove(prefix))
  }

  async expire(): Promise<number> {
    this.#check()
    return 0
  }

  async document(name: string): Promise<StoredDocument | null> {
    return this.#run(() => this.#documents.get(name))
  }

  async documents(prefix: string): Promise<Map<string, StoredDocument>> {
    return this.#run(() => this.#documents.all(prefix))
  }

  async putDocument(name: string, value: unknown, expected: number): Promise<boolean> {
    return this.#run(() => this.#documents.put(name, checkDocument(name, value), expected))
  }

  async removeDocument(name: string, expected: number): Promise<boolean> {
    return this.#run(() => this.#documents.remove(name, expected))
  }

  async size(): Promise<{ timelines: number | null; bytes: number }> {
    return this.#run(() => this.#scan.size())
  }

  /**
   * Looks at every node, as is done each second: who owns what, whether its eviction policy is still none, whether it dropped
   * keys, whether it went back. Throws a RedisStoreError where something is wrong.
   */
  async check(): Promise<void> {
    return this.#run(async () => {
      await this.#exchange.nodes.refresh()
      const { nodes } = this.#exchange
      await Promise.all(nodes.view.masters.map(({ address }) => nodes.check(address)))
      await this.#marks.check()
    })
  }

  async close(): Promise<void> {
    this.#open = false
    clearInterval(this.#checking)
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#finished = resolve
      })
    }
    this.#exchange.nodes.close()
  }

  async #appendAndMove(commands: readonly AppendCommand[], moves: readonly MarkMove[], field: string): Promise<void> {
    for (let i = 0; i < TRIES_MAX; i++) {
      const proofs = { view: this.#exchange.nodes.view, field, written: new Map<number, string>() }
      await this.#exchange.settle(commands, { voids: true, tail: this.#marks.prove(proofs) })
      if (await this.#marks.move(moves, proofs)) return
      for (const command of commands) command.reset()
    }
    throw new RedisStoreError('UNAVAILABLE', 'Redis keeps losing what is written to it')
  }

  /** Throws a RangeError for appends that the store cannot hold. */
  #commands(appends: readonly TimelineAppend[]): AppendCommand[] {
    const now_ms = this.#now()
    let bytes = 0
    const commands = appends.map((append) => {
      bytes += checkAppend(append)
      const command = this.#spare.pop() ?? new AppendCommand(this.#names)
      command.renew(append, now_ms)
      return command
    })
    checkAppendBytes(bytes)
    return commands
  }

  /** Keeps commands that are done for calls to come. */
  #keep(commands: readonly AppendCommand[]): void {
    const count = Math.min(commands.length, SPARE_COMMANDS_MAX - this.#spare.length)
    for (let i = 0; i < count; i++) this.#spare.push(commands[i]!)
  }

  #check(): void {
    if (!this.#open) throw new Error('the online store is closed')
  }

  /** A call that was begun is finished before the store closes. */
  async #run<T>(act: () => Promise<T>): Promise<T> {
    this.#check()
    this.#running++
    try {
      return await act()
    } finally {
      if (--this.#running === 0) this.#finished?.()
    }
  }
}
