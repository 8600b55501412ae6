import { setTimeout as sleep } from 'node:timers/promises'
import { Batch, type Tail } from './batch.ts'
import { type Address, type Connection, nameOf } from './connection.ts'
import type { KeyedCommand } from './keyed-command.ts'
import type { Nodes } from './nodes.ts'
import { RedisStoreError } from './redis-error.ts'
import type { View } from './view.ts'

/** Between two rounds to nodes that could not answer, in milliseconds: first, and at most. */
const PAUSE_MS_MIN = 2
const PAUSE_MS_MAX = 100

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
  async settle(commands: readonly KeyedCommand[], rules: ExchangeRules = {}): Promise<void> {
    await this.insist(async () => {
      while (await this.#round(commands, rules)) {
        // A command that needs two steps, a slot that is being moved: the rest goes out at once.
      }
    })
  }

  /** Does something until it goes well, as long as time may heal what fails and the patience lasts. */
  async insist<T>(act: () => Promise<T>): Promise<T> {
    let deadline_ms = 0
    let pause_ms = 0
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (!isPassing(error)) throw error
        const now_ms = performance.now()
        if (deadline_ms === 0) deadline_ms = now_ms + this.#patience_ms
        else if (now_ms > deadline_ms) throw error
        await this.nodes.refresh().catch(() => {})
        if (pause_ms > 0) await sleep(pause_ms)
        pause_ms = Math.min(Math.max(PAUSE_MS_MIN, pause_ms * 2), PAUSE_MS_MAX)
      }
    }
  }

  /** Asks once for all that is not settled; answers whether anything was. */
  async #round(commands: readonly KeyedCommand[], rules: ExchangeRules): Promise<boolean> {
    const { view } = this.nodes
    const { links, failed } = await this.#links(commands, view)
    const batches: (Batch | undefined)[] = []
    const asked = new Map<string, Batch>()
    let open = false
    for (const command of commands) {
      const owner = view.masters.length === 1 ? 0 : view.owners[command.slot]!
      const link = command.asked === null ? links[owner]! : this.nodes.live(command.asked)
      if (rules.voids === true && command.settled !== null && command.settled !== link) command.reset()
      if (command.settled !== null) continue
      open = true
      if (link === null) continue
      if (command.asked === null) {
        batches[owner] ??= new Batch(link, view.masters[owner]!)
        batches[owner].add(command)
      } else {
        const name = nameOf(command.asked)
        const master = view.masters.find(({ address }) => nameOf(address) === name) ?? null
        if (!asked.has(name)) asked.set(name, new Batch(link, master))
        asked.get(name)!.add(command)
      }
    }
    const sent = [...batches.filter((batch) => batch !== undefined), ...asked.values()]
    const results = await Promise.allSettled(sent.map((batch) => batch.send(rules.tail)))
    let waits = failed
    for (const result of results) {
      if (result.status === 'fulfilled') waits ??= result.value
      else if (isPassing(result.reason)) waits ??= result.reason
      else throw result.reason
    }
    if (waits !== null) throw waits
    return open
  }

  /** By master, a connection to each that is needed; null where there is none, and then why. */
  async #links(commands: readonly KeyedCommand[], view: View) {
    const needed = new Map<string, Address>()
    const owners = new Uint8Array(view.masters.length)
    if (view.masters.length === 1) owners[0] = 1
    else for (const { slot } of commands) owners[view.owners[slot]!] = 1
    for (const [i, { address }] of view.masters.entries()) {
      if (owners[i] === 1 && this.nodes.live(address) === null) needed.set(nameOf(address), address)
    }
    for (const { asked } of commands) {
      if (asked !== null && this.nodes.live(asked) === null) needed.set(nameOf(asked), asked)
    }
    let failed: RedisStoreError | null = null
    if (needed.size > 0) {
      const results = await Promise.allSettled([...needed.values()].map((address) => this.nodes.connect(address)))
      for (const result of results) {
        if (result.status === 'fulfilled') continue
        if (!isPassing(result.reason)) throw result.reason
        failed = result.reason
      }
    }
    const links: (Connection | null)[] = view.masters.map(({ address }) => this.nodes.live(address))
    return { links, failed }
  }
}

function isPassing(error: unknown): error is RedisStoreError {
  return error instanceof RedisStoreError && (error.code === 'UNAVAILABLE' || error.code === 'PROTOCOL')
}
