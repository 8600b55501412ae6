import { BrokerConnections } from './broker-connections.ts'
import { type KafkaOptions, METADATA_MS, RETRY_MS } from './kafka-options.ts'
import { errorFromCode, type KafkaMetadata } from './kafkajs-inside.ts'
import { metadataRequest } from './metadata-request.ts'
import { retried } from './retried.ts'

const UNKNOWN_TOPIC = 3

/** Which topics there are, who leads their partitions, and where the brokers are. */
export class ClusterMetadata {
  /** Where nodes are, by id: shared with all that connect to them. */
  readonly places = new Map<number, { host: string; port: number }>()
  /** For single requests that are answered at once. */
  readonly connections: BrokerConnections
  /** Called after leaders were looked at: they may have moved. */
  onRead = () => {}
  readonly #metadata_ms: number
  readonly #now: () => number
  /** The leader of each partition, by topic: -1 where there is none at present. */
  readonly #leaders = new Map<
    string,
    { readonly leaders: readonly number[]; readonly id: string | null; readonly read_ms: number }
  >()
  #controller = -1
  #refreshing: Promise<void> | null = null

  constructor(options: KafkaOptions) {
    this.connections = new BrokerConnections(options, this.places)
    this.#metadata_ms = options.metadata_ms ?? METADATA_MS
    this.#now = options.now
  }

  /**
   * How many partitions a topic has, as last seen; what was seen long ago is looked at again, for the next call. Throws a RangeError
   * where there is no such topic.
   */
  async partitions(topic: string): Promise<number> {
    const known = this.#leaders.get(topic)
    if (known === undefined) return this.partitionsNow(topic)
    if (this.#now() - known.read_ms > this.#metadata_ms) void this.refresh()
    return known.leaders.length
  }

  /** How many partitions a topic has now. Throws a RangeError where there is no such topic. */
  async partitionsNow(topic: string): Promise<number> {
    await this.#read([topic])
    const count = this.#leaders.get(topic)?.leaders.length ?? 0
    if (count === 0) throw new RangeError(`the log has no topic ${topic}: call ensureTopic() first`)
    return count
  }

  /** Who leads a partition; undefined where that is not known. */
  leader(topic: string, partition: number): number | undefined {
    const leader = this.#leaders.get(topic)?.leaders[partition]
    return leader === -1 ? undefined : leader
  }

  /** Which topic of this name it is, as last seen: 32 hexadecimal digits; null: not known, or the brokers know no ids (before 2.8). */
  idOf(topic: string): string | null {
    return this.#leaders.get(topic)?.id ?? null
  }

  /** Any node that takes changes of topics: every broker hands them on to the controller. */
  get controller(): number {
    return this.#controller
  }

  /** The names of all topics but Kafka's own. */
  async topics(): Promise<string[]> {
    const { topicMetadata } = await this.#ask([])
    return topicMetadata.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic)
  }

  /** Reads everything that is known again: a leader has moved. Calls at the same time are one. Fails in silence: the caller tries again. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read([...this.#leaders.keys()])
      .catch(() => {})
      .finally(() => {
        this.#refreshing = null
      })
    return this.#refreshing
  }

  async #read(topics: readonly string[]): Promise<void> {
    // Asked for none, a broker tells of all.
    if (topics.length === 0) return
    const { topicMetadata } = await this.#ask(topics)
    for (const { topic, topicErrorCode, topicId, partitionMetadata } of topicMetadata) {
      if (topicErrorCode === UNKNOWN_TOPIC) this.#leaders.delete(topic)
      else if (partitionMetadata.length === 0 && topicErrorCode !== 0) {
        const error = errorFromCode(topicErrorCode)
        // Kafka's own does not say which.
        error.message = `topic ${topic}: ${error.message}`
        throw error
      } else {
        const leaders: number[] = []
        for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader
        this.#leaders.set(topic, { leaders, id: topicId, read_ms: this.#now() })
      }
    }
    this.onRead()
  }

  #ask(topics: readonly string[]): Promise<KafkaMetadata> {
    return retried(RETRY_MS, async () => {
      const broker = await this.connections.any()
      const metadata = await (await broker.connectionPool.getConnection(0)).send(metadataRequest(broker, topics))
      this.places.clear()
      for (const { nodeId, host, port } of metadata.brokers) this.places.set(nodeId, { host, port })
      this.#controller = metadata.controllerId
      return metadata
    })
  }
}
