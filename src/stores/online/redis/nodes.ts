import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, Connection, type ConnectionSettings, nameOf } from './connection.ts'
import { ErrorReply, RedisStoreError } from './redis-error.ts'
import type { RedisPlace } from './redis-url.ts'
import { SCRIPTS } from './scripts.ts'
import { masterBySentinels } from './sentinel.ts'
import { checkInfo, parseInfo, type ServerInfo } from './server-info.ts'
import { clusterView, singleView, type View } from './view.ts'

/** A node that cannot be reached is tried again after this, and after twice as long, up to the most. */
const RETRY_MS_MIN = 20
const RETRY_MS_MAX = 1_000

/** Nodes that are asked about the cluster at once: one of them may be the one that was cut off. */
const ASKED_AT_ONCE = 3

/** A node that has died must not keep us from asking others. */
const ASKED_MS_MAX = 1_000

interface Link {
  live: Connection | null
  opening: Promise<Connection> | null
  info: ServerInfo | null
  /** Why it could not be connected to; until then it is not tried again. */
  failed: unknown
  until_ms: number
  retry_ms: number
}

const UNKNOWN: Link = { live: null, opening: null, info: null, failed: null, until_ms: 0, retry_ms: 0 }

/** Who is there, and one connection to each: the nodes of a cluster, or a single Redis, also behind sentinels. */
export class Nodes {
  readonly #place: RedisPlace
  readonly #settings: ConnectionSettings
  readonly #links = new Map<string, Link>()
  /** Of the view's masters. */
  #ofMasters: Link[] = []
  #view: View
  #refreshing: Promise<void> | null = null
  #opened = 0
  #closed = false

  private constructor(place: RedisPlace, settings: ConnectionSettings) {
    this.#place = place
    this.#settings = settings
    this.#view = singleView(place.addresses[0]!)
    this.#ofMasters = this.#view.masters.map(({ address }) => this.#link(address))
  }

  /** Finds all masters and connects to each. Throws a RedisStoreError. */
  static async open(place: RedisPlace, settings: ConnectionSettings): Promise<Nodes> {
    const nodes = new Nodes(place, settings)
    try {
      await nodes.refresh()
      await Promise.all(nodes.view.masters.map(({ address }) => nodes.connect(address)))
    } catch (error) {
      nodes.close()
      throw error
    }
    return nodes
  }

  /** Counts connections: behind a new one there may be a server that was restored, or another one. */
  get opened(): number {
    return this.#opened
  }

  /** Another object whenever anything about it is another. */
  get view(): View {
    return this.#view
  }

  /** What the process at the address told when it was last asked; null: not connected. */
  info(address: Address): ServerInfo | null {
    const link = this.#links.get(nameOf(address))
    return link?.live?.live === true ? link.info : null
  }

  /** The connection to a node that is there and was let in; null: it must be connected to first. */
  live(address: Address): Connection | null {
    const live = this.#links.get(nameOf(address))?.live
    return live?.live === true ? live : null
  }

  /** The same for the view's master at a place. */
  liveOf(master: number): Connection | null {
    const { live } = this.#ofMasters[master]!
    return live?.live === true ? live : null
  }

  /** Connects where need be. Throws a RedisStoreError. */
  connect(address: Address): Promise<Connection> {
    const link = this.#link(address)
    if (link.live?.live === true) return Promise.resolve(link.live)
    if (performance.now() < link.until_ms) return Promise.reject(link.failed)
    link.opening ??= this.#open(address, link).finally(() => {
      link.opening = null
    })
    return link.opening
  }

  /** Asks a node how it is. Throws a RedisStoreError where it may not be used, and lets go of it. */
  async check(address: Address): Promise<ServerInfo> {
    const connection = await this.connect(address)
    connection.out.add('INFO')
    const [info] = await connection.replies(1)
    return this.#admit(address, connection, info)
  }

  /** Looks who is there now; calls at the same time share one look. Throws a RedisStoreError where nobody tells. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  close(): void {
    this.#closed = true
    for (const { live } of this.#links.values()) live?.close()
  }

  #link(address: Address): Link {
    const name = nameOf(address)
    const link = this.#links.get(name) ?? { ...UNKNOWN }
    this.#links.set(name, link)
    return link
  }

  async #open(address: Address, link: Link): Promise<Connection> {
    try {
      const connection = await Connection.open(address, this.#settings)
      await this.#prepare(address, connection)
      link.live = connection
      link.retry_ms = 0
      this.#opened++
      return connection
    } catch (error) {
      link.retry_ms = Math.min(Math.max(RETRY_MS_MIN, link.retry_ms * 2), RETRY_MS_MAX)
      link.until_ms = performance.now() + link.retry_ms
      link.failed = error
      throw error
    }
  }

  /** Lets a new connection in: its node is as it must be and has the scripts. Closes it where not. */
  async #prepare(address: Address, connection: Connection): Promise<void> {
    try {
      connection.out.add('INFO')
      for (const { text } of SCRIPTS) connection.out.add('SCRIPT', 'LOAD', text)
      const [info, ...loaded] = await connection.replies(1 + SCRIPTS.length)
      this.#admit(address, connection, info)
      for (const reply of loaded) if (reply instanceof ErrorReply) throw reply.toError(connection.name)
      if (this.#closed) throw new RedisStoreError('UNAVAILABLE', 'the online store is closed')
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #admit(address: Address, connection: Connection, reply: unknown): ServerInfo {
    try {
      if (reply instanceof ErrorReply) throw reply.toError(connection.name)
      const info = parseInfo(String(reply), connection.name)
      checkInfo(info, connection.name)
      this.#links.get(nameOf(address))!.info = info
      return info
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #look(): Promise<void> {
    const view = await (this.#place.kind === 'cluster' ? this.#askCluster() : this.#single())
    if (view.signature === this.#view.signature) return
    this.#view = view
    const known = new Set(view.masters.map(({ address }) => nameOf(address)))
    for (const [name, link] of this.#links) {
      if (known.has(name) || link.opening !== null) continue
      link.live?.close()
      this.#links.delete(name)
    }
    this.#ofMasters = view.masters.map(({ address }) => this.#link(address))
  }

  async #single(): Promise<View> {
    const { kind, addresses, master } = this.#place
    if (kind !== 'sentinel') return singleView(addresses[0]!)
    return singleView(await masterBySentinels(addresses, master!, this.#settings))
  }

  /** What most of a few nodes tell, as one that was cut off tells what was true before. */
  async #askCluster(): Promise<View> {
    const masters = this.#view.masters.map(({ address }) => address).sort(() => Math.random() - 0.5)
    const known = new Map(
      [...masters, ...this.#view.addresses, ...this.#place.addresses].map((one) => [nameOf(one), one]),
    )
    const asked = [...known.values()]
    let failed: unknown
    while (asked.length > 0) {
      const answers = await Promise.allSettled(asked.splice(0, ASKED_AT_ONCE).map((address) => this.#ask(address)))
      const views: View[] = []
      for (const answer of answers) {
        if (answer.status === 'fulfilled') views.push(answer.value)
        else failed = answer.reason
      }
      const voices = (view: View) => views.filter(({ signature }) => signature === view.signature).length
      if (views.length > 0) return views.reduce((most, view) => (voices(view) > voices(most) ? view : most))
    }
    throw failed
  }

  async #ask(address: Address): Promise<View> {
    const held = this.live(address)
    const settings = { ...this.#settings, timeout_ms: Math.min(this.#settings.timeout_ms, ASKED_MS_MAX) }
    const connection = held ?? (await Connection.open(address, settings))
    try {
      connection.out.add('CLUSTER', 'SLOTS')
      const silence = sleep(settings.timeout_ms, null, { ref: false })
      const answer = await Promise.race([connection.replies(1), silence])
      if (answer === null) throw new RedisStoreError('UNAVAILABLE', `Redis at ${connection.name} does not answer`)
      const slots = answer[0]!
      if (slots instanceof ErrorReply) throw slots.toError(connection.name)
      return clusterView(slots, address.host)
    } finally {
      if (held === null) connection.close()
    }
  }
}
