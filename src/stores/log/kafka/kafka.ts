import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EventLog,
  type LogAppend,
  type LogBatch,
  MESSAGE_BYTES_MAX,
  OffsetOutOfRangeError,
  type PartitionRange,
  TopicReplacedError,
} from '../../event-log.ts'
import { Arrivals } from '../arrivals.ts'
import { checkMessages, checkName, checkPartitions, checkPositions } from '../log-check.ts'
import { BrokerConnections } from './broker-connections.ts'
import { ClusterMetadata } from './cluster-metadata.ts'
import { CommittedPositions } from './committed-positions.ts'
import { Fetcher, OutOfRangeAnswer } from './fetcher.ts'
import { GroupMember } from './group-member.ts'
import { DELIVERY_MS, type KafkaOptions, RETRY_MS, SESSION_MS } from './kafka-options.ts'
import type { KafkaError } from './kafkajs-inside.ts'
import { topicRanges, trimPartition } from './offsets.ts'
import { Producer } from './producer.ts'
import { retried } from './retried.ts'

/** Settings of the topics that we create; all else is the cluster's default. */
const TOPIC_SETTINGS = [
  // The broker's own clock says when a message came: a producer's may be wrong.
  { name: 'message.timestamp.type', value: 'LogAppendTime' },
  // The longest message, with its key and the batch around it.
  { name: 'max.message.bytes', value: String(2 * MESSAGE_BYTES_MAX) },
]

/** How long a graceful end may wait for Kafka: whoever stops us has little patience. */
const CLOSE_MS = 3_000

/** How long the cluster may take to create a topic on all its brokers. */
const CREATE_MS = 8_000

/**
 * The event log over Kafka (2.3 or newer), for one consumer: it fetches ahead of one position in each partition, so whoever reads in
 * two places opens two. Reads are at offsets, never at the group's: the store's marks say where to go on, and what the log no longer
 * has is an {@link OffsetOutOfRangeError}. The group only shares partitions among workers, and keeps positions for people to see.
 * Aborted transactions are left out, open ones waited for.
 */
export class KafkaEventLog implements EventLog {
  readonly #options: KafkaOptions
  readonly #metadata: ClusterMetadata
  readonly #fetcher: Fetcher
  readonly #producer: Producer
  readonly #connections: BrokerConnections[]
  readonly #members = new Map<string, GroupMember>()
  readonly #positions = new Map<string, CommittedPositions>()
  readonly #arrivals = new Arrivals()
  /** By topic and partition: where the partition ends at least, as our own appends say. */
  readonly #appended = new Map<string, number>()
  #open = true

  constructor(options: KafkaOptions) {
    this.#options = options
    const { now } = options
    this.#metadata = new ClusterMetadata(options)
    const fetching = new BrokerConnections(options, this.#metadata.places)
    const producing = new BrokerConnections(options, this.#metadata.places)
    this.#connections = [this.#metadata.connections, fetching, producing]
    this.#fetcher = new Fetcher(this.#metadata, fetching, now, (topic) => this.#arrivals.arrived(topic))
    this.#producer = new Producer(this.#metadata, producing, { delivery_ms: options.delivery_ms ?? DELIVERY_MS, now })
  }

  async ensureTopic(topic: string, partitions: number): Promise<number> {
    this.#check()
    checkName('topic', topic)
    checkPartitions(topic, partitions)
    const found = await this.#metadata.partitionsNow(topic).catch(noTopic)
    if (found !== null) return found
    await this.#create(topic, partitions)
    return this.#metadata.partitionsNow(topic)
  }

  async topics(): Promise<string[]> {
    this.#check()
    return this.#metadata.topics()
  }

  async identify(topic: string): Promise<string | null> {
    this.#check()
    await this.#metadata.partitionsNow(topic)
    return this.#metadata.idOf(topic)
  }

  async append(topic: string, messages: readonly LogAppend[]): Promise<{ partition: number; offset: number }[]> {
    this.#check()
    await this.#metadata.partitions(topic)
    const bytes = checkMessages(topic, messages)
    if (messages.length === 0) return []
    const places = await this.#producer.append(topic, messages, bytes)
    for (const { partition, offset } of places) {
      const name = `${topic}/${partition}`
      if (offset >= (this.#appended.get(name) ?? 0)) this.#appended.set(name, offset + 1)
    }
    this.#arrivals.arrived(topic)
    return places
  }

  async read(
    topic: string,
    partition: number,
    offset: number,
    maxMessages: number,
    id: string | null = null,
  ): Promise<LogBatch> {
    await this.#partition(topic, partition)
    const found = this.#metadata.idOf(topic)
    if (id !== null && found !== null && found !== id) throw replaced(topic)
    if (!Number.isSafeInteger(offset) || offset < 0) throw await this.#outOfRange(topic, partition, offset)
    try {
      const reader = await this.#fetcher.reader(topic, id ?? found, partition, offset)
      // What this process has appended is there for it to read, whether or not it has been fetched yet.
      if (reader.bytes === 0 && reader.fetchOffset < (this.#appended.get(`${topic}/${partition}`) ?? 0)) {
        await this.#fetcher.look(reader)
      }
      const batch = await reader.take(maxMessages)
      this.#fetcher.drained()
      return batch
    } catch (error) {
      throw error instanceof OutOfRangeAnswer ? await this.#outOfRange(topic, partition, offset) : error
    }
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    this.#check()
    return topicRanges(this.#metadata, topic)
  }

  async wait(topic: string, timeout_ms: number): Promise<void> {
    this.#check()
    await this.#metadata.partitions(topic)
    // It may have been closed meanwhile.
    if (this.#open) await this.#arrivals.wait(topic, timeout_ms)
  }

  async assigned(group: string, topic: string): Promise<readonly number[]> {
    this.#check()
    checkName('group', group)
    await this.#metadata.partitions(topic)
    let member = this.#members.get(group)
    if (member === undefined) {
      const { session_ms = SESSION_MS } = this.#options
      member = new GroupMember({
        group: this.#nameOf(group),
        metadata: this.#metadata,
        connections: new BrokerConnections(this.#options, this.#metadata.places),
        session_ms,
        onChange: (changed) => this.#arrivals.arrived(changed),
      })
      this.#members.set(group, member)
    }
    return member.assigned(topic)
  }

  async committed(group: string, topic: string): Promise<Map<number, number>> {
    this.#check()
    checkName('group', group)
    await this.#metadata.partitionsNow(topic).catch(noTopic)
    return this.#positionsOf(group).read(topic, this.#metadata.idOf(topic))
  }

  async commit(
    group: string,
    topic: string,
    positions: ReadonlyMap<number, number>,
    id: string | null = null,
  ): Promise<void> {
    this.#check()
    checkName('group', group)
    checkPositions(group, topic, positions)
    for (const partition of positions.keys()) await this.#partition(topic, partition)
    this.#positionsOf(group).commit(topic, positions, id ?? this.#metadata.idOf(topic))
  }

  async removeGroup(group: string): Promise<boolean> {
    this.#check()
    checkName('group', group)
    return this.#positionsOf(group).removeGroup()
  }

  async trim(topic: string, partition: number, offset: number, before_ms: number): Promise<number> {
    await this.#partition(topic, partition)
    return trimPartition(this.#metadata, topic, partition, offset, before_ms)
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#arrivals.end()
    // In order where Kafka answers. Where it does not, whoever appends is told so, the positions come from the marks, and the session ends by
    // itself.
    const patience = sleep(CLOSE_MS, undefined, { ref: false })
    const goodbye = async () => {
      await this.#producer.idle()
      await Promise.all([...this.#positions.values()].map((positions) => positions.send().catch(() => {})))
      await Promise.all([...this.#members.values()].map((member) => member.close()))
    }
    await Promise.race([goodbye(), patience])
    // A fetch that is under way waits for a broker, which may have stopped to answer.
    const fetched = this.#fetcher.close()
    await Promise.race([fetched, patience])
    await Promise.all(this.#connections.map((connections) => connections.close()))
  }

  #check(): void {
    if (!this.#open) throw new Error('the event log is closed')
  }

  async #partition(topic: string, partition: number): Promise<void> {
    this.#check()
    if (partition < (await this.#metadata.partitions(topic))) return
    const count = await this.#metadata.partitionsNow(topic)
    if (partition >= count) throw new RangeError(`topic ${topic} has no partition ${partition}: it has ${count}`)
  }

  async #outOfRange(topic: string, partition: number, offset: number): Promise<OffsetOutOfRangeError> {
    const range = (await topicRanges(this.#metadata, topic))[partition]!
    return new OffsetOutOfRangeError(topic, partition, offset, range)
  }

  /** As Kafka knows the group. */
  #nameOf(group: string): string {
    return `${this.#options.groupPrefix ?? ''}${group}`
  }

  #positionsOf(group: string): CommittedPositions {
    let found = this.#positions.get(group)
    if (found === undefined) {
      found = new CommittedPositions(this.#nameOf(group), this.#metadata, () => this.#members.get(group))
      this.#positions.set(group, found)
    }
    return found
  }

  /** Creates a topic, as many replicas as the cluster has for a default; one that is there meanwhile stays as it is. */
  async #create(topic: string, numPartitions: number): Promise<void> {
    const topics = [{ topic, numPartitions, configEntries: TOPIC_SETTINGS }]
    await retried(RETRY_MS, async () => {
      const broker = await this.#metadata.connections.any()
      await broker.createTopics({ topics, timeout: CREATE_MS }).catch((error: unknown) => {
        const [cause = error as KafkaError] = (error as { errors?: readonly KafkaError[] }).errors ?? []
        if (cause.type !== 'TOPIC_ALREADY_EXISTS') throw cause
      })
    })
    // Brokers learn of it one after another.
    await retried(RETRY_MS, async () => {
      const count = await this.#metadata.partitionsNow(topic).catch(noTopic)
      const led = (partition: number) => this.#metadata.leader(topic, partition) !== undefined
      if (count === null || !Array.from({ length: count }, (_, partition) => partition).every(led)) {
        throw Object.assign(new Error(`topic ${topic} was created but has no leaders yet`), { retriable: true })
      }
    })
  }
}

function replaced(topic: string): TopicReplacedError {
  return new TopicReplacedError(topic, `the topic ${topic} was deleted and made anew while it was read`)
}

function noTopic(error: unknown): null {
  if (error instanceof RangeError) return null
  throw error
}
