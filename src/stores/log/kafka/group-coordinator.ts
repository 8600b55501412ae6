import type { BrokerConnections } from './broker-connections.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { RETRY_MS } from './kafka-options.ts'
import type { KafkaBroker } from './kafkajs-inside.ts'
import { retried } from './retried.ts'

/** The broker that keeps a consumer group, wherever that is now. */
export class GroupCoordinator {
  readonly #group: string
  readonly #metadata: ClusterMetadata
  readonly #connections: BrokerConnections
  #node: number | null = null

  constructor(group: string, metadata: ClusterMetadata, connections: BrokerConnections) {
    this.#group = group
    this.#metadata = metadata
    this.#connections = connections
  }

  /** Connected. */
  async broker(): Promise<KafkaBroker> {
    if (this.#node === null) {
      const broker = await this.#connections.any()
      const { coordinator } = await broker.findGroupCoordinator({ groupId: this.#group, coordinatorType: 0 })
      // A log that has done nothing else yet does not know where the nodes are.
      if (!this.#metadata.places.has(coordinator.nodeId)) await this.#metadata.topics()
      const { nodeId, host, port } = coordinator
      this.#metadata.places.set(nodeId, { host, port })
      this.#node = nodeId
    }
    return this.#connections.node(this.#node)
  }

  /** After a request to it failed: the next one asks anew who it is. */
  async lost(): Promise<void> {
    if (this.#node !== null) this.#connections.drop(this.#node)
    this.#node = null
    await this.#metadata.refresh()
  }

  /** Repeats a request while the group moves from broker to broker. */
  retried<T>(work: (broker: KafkaBroker) => Promise<T>): Promise<T> {
    return retried(
      RETRY_MS,
      async () => work(await this.broker()),
      () => this.lost(),
    )
  }
}
