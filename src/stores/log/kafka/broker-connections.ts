import type { KafkaOptions } from './kafka-options.ts'
import { brokerMaker, type KafkaBroker, type KafkaError } from './kafkajs-inside.ts'

interface Place {
  readonly host: string
  readonly port: number
}

/** Connections to the brokers of a cluster, opened when needed. One set for each use: a broker answers a connection's requests in turn. */
export class BrokerConnections {
  readonly #make: (place?: Place) => Promise<KafkaBroker>
  readonly #seeds: number
  /** Where the nodes are, as the cluster last said. */
  readonly #places: ReadonlyMap<number, Place>
  readonly #brokers = new Map<number, Place & { readonly broker: KafkaBroker }>()
  readonly #connecting = new Map<KafkaBroker, Promise<void>>()
  #seed: KafkaBroker | null = null
  #open = true

  constructor(options: KafkaOptions, places: ReadonlyMap<number, Place>) {
    this.#make = brokerMaker(options)
    this.#seeds = options.brokers.length
    this.#places = places
  }

  /** A node, connected. */
  async node(id: number): Promise<KafkaBroker> {
    const place = this.#places.get(id)
    if (place === undefined) throw gone(`no broker ${id} is known in the cluster`)
    const held = this.#brokers.get(id)
    if (held !== undefined && held.host === place.host && held.port === place.port) return this.#connected(held.broker)
    if (held !== undefined) this.drop(id)
    const broker = await this.#make(place)
    this.#brokers.set(id, { ...place, broker })
    return this.#connected(broker)
  }

  /** Any broker that can be reached: a node of the cluster, else one of the addresses that were configured. */
  async any(): Promise<KafkaBroker> {
    const ids = [...this.#places.keys()].sort(() => Math.random() - 0.5)
    for (const id of ids) {
      const broker = await this.node(id).catch(() => null)
      if (broker !== null) return broker
    }
    let last: unknown
    for (let i = 0; i < this.#seeds; i++) {
      this.#seed ??= await this.#make()
      try {
        return await this.#connected(this.#seed)
      } catch (error) {
        last = error
        this.#seed = null
      }
    }
    throw last
  }

  /** Forgets the connections of a node that fails; the next use opens new ones. */
  drop(id: number): void {
    const held = this.#brokers.get(id)
    this.#brokers.delete(id)
    held?.broker.disconnect().catch(() => {})
  }

  async close(): Promise<void> {
    this.#open = false
    const brokers = [...[...this.#brokers.values()].map(({ broker }) => broker), ...(this.#seed ? [this.#seed] : [])]
    await Promise.all(brokers.map((broker) => broker.disconnect().catch(() => {})))
  }

  async #connected(broker: KafkaBroker): Promise<KafkaBroker> {
    if (!this.#open) throw new Error('the event log is closed')
    // Half-way through, kafkajs already says that it is connected.
    const connecting = this.#connecting.get(broker)
    if (connecting !== undefined) await connecting
    else if (!broker.isConnected()) {
      const connected = broker.connect().finally(() => this.#connecting.delete(broker))
      this.#connecting.set(broker, connected)
      await connected
    }
    return broker
  }
}

function gone(message: string): KafkaError {
  return Object.assign(new Error(message), { retriable: true })
}
