import { Batch, type Tail } from './batch.ts'
import { type Address, nameOf } from './connection.ts'
import type { KeyedCommand } from './keyed-command.ts'
import type { Nodes } from './nodes.ts'
import { isPassing, Patience } from './patience.ts'
import { RedisStoreError } from './redis-error.ts'

export interface ExchangeRules {
  /** Behind the commands of every batch. */
  readonly tail?: Tail
  /** What one connection settled is void when another has taken its place: it may lead to a process that lost it. */
  readonly voids?: boolean
}

/** Carries commands to the nodes that have their keys, all of one node in one batch, and only what failed once more. */
export class Exchange {
  readonly nodes: Nodes
  readonly #patience_ms: number

  constructor(nodes: Nodes, patience_ms: number) {
    this.nodes = nodes
    this.#patience_ms = patience_ms
  }

  /** Until all are settled. Throws a RedisStoreError where a node cannot answer within the patience, or will not. */
  settle(commands: readonly KeyedCommand[], rules: ExchangeRules = {}): Promise<void> {
    return this.insist(async () => {
      for (;;) {
        const missing = this.#missing(commands)
        const failed = missing === null ? null : await this.#connect(missing)
        const { batches, unreached } = this.#batches(commands, rules)
        // One batch is the rule, and the way of many costs a read two microseconds.
        const waits = batches.length === 1 ? await batches[0]!.send(rules.tail) : await sendAll(batches, rules)
        if (failed !== null || waits !== null) throw failed ?? waits
        if (unreached) throw new RedisStoreError('UNAVAILABLE', 'a connection to Redis was lost')
        if (batches.length === 0) return
      }
    })
  }

  /** Does something until it goes well, as long as time may heal what fails and the patience lasts. */
  async insist<T>(act: () => Promise<T>): Promise<T> {
    let patience: Patience | null = null
    for (;;) {
      try {
        return await act()
      } catch (error) {
        patience ??= new Patience(this.#patience_ms)
        if (isPassing(error)) await this.nodes.refresh().catch(() => {})
        await patience.wait(error)
      }
    }
  }

  /** The nodes that are to be asked and not connected to; null: none. */
  #missing(commands: readonly KeyedCommand[]): Map<string, Address> | null {
    const { view } = this.nodes
    let missing: Map<string, Address> | null = null
    const alone = view.masters.length === 1
    const lacking = view.masters.map((_, i) => this.nodes.liveOf(i) === null)
    if (alone && !lacking[0]) return null
    for (const command of commands) {
      const owner = alone ? 0 : view.owners[command.slot]!
      const address = command.asked ?? view.masters[owner]!.address
      if (command.asked === null ? !lacking[owner] : this.nodes.live(address) !== null) continue
      missing ??= new Map()
      missing.set(nameOf(address), address)
    }
    return missing
  }

  /** Answers why not, where time may heal it. */
  async #connect(missing: ReadonlyMap<string, Address>): Promise<RedisStoreError | null> {
    let failed: RedisStoreError | null = null
    const results = await Promise.allSettled([...missing.values()].map((address) => this.nodes.connect(address)))
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      if (!isPassing(result.reason)) throw result.reason
      failed = result.reason
    }
    return failed
  }

  /** What is not settled, by the node that it goes to; and whether anything is left that goes to one not connected to. */
  #batches(commands: readonly KeyedCommand[], { voids }: ExchangeRules) {
    const { view } = this.nodes
    const alone = view.masters.length === 1
    const owned: (Batch | undefined)[] = []
    let asked: Map<string, Batch> | null = null
    let unreached = false
    for (const command of commands) {
      const owner = alone ? 0 : view.owners[command.slot]!
      const link = command.asked === null ? this.nodes.liveOf(owner) : this.nodes.live(command.asked)
      if (command.settled !== null) {
        if (voids !== true || command.settled === link) continue
        command.reset()
      }
      if (link === null) {
        unreached = true
        continue
      }
      if (command.asked === null) {
        owned[owner] ??= new Batch(link, view.masters[owner]!)
        owned[owner].add(command)
        continue
      }
      const name = nameOf(command.asked)
      asked ??= new Map()
      if (!asked.has(name)) {
        asked.set(name, new Batch(link, view.masters.find(({ address }) => nameOf(address) === name) ?? null))
      }
      asked.get(name)!.add(command)
    }
    const batches = owned.filter((batch) => batch !== undefined)
    return { batches: asked === null ? batches : [...batches, ...asked.values()], unreached }
  }
}

async function sendAll(batches: readonly Batch[], { tail }: ExchangeRules): Promise<RedisStoreError | null> {
  let waits: RedisStoreError | null = null
  for (const result of await Promise.allSettled(batches.map((batch) => batch.send(tail)))) {
    if (result.status === 'fulfilled') waits ??= result.value
    else if (isPassing(result.reason)) waits ??= result.reason
    else throw result.reason
  }
  return waits
}
