import type { BrokerConnections } from './broker-connections.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { type FetchedPartition, type FetchLimits, fetchRequest } from './fetch-request.ts'
import { RETRY_MS } from './kafka-options.ts'
import { errorFromCode } from './kafkajs-inside.ts'
import { endKnown } from './offsets.ts'
import { PartitionReader } from './partition-reader.ts'
import { isRetriable, retried } from './retried.ts'

/** How long a broker holds an answer back while there is nothing: so old may the word be that a partition is read to its end. */
const WAIT_MS = 250

/** Of one partition in one answer: as Kafka's own consumer. */
const PARTITION_BYTES_MAX = 1024 * 1024
const FETCH_BYTES_MAX = 16 * 1024 * 1024

/** Fetched ahead of all partitions together, and of each at most: enough to read while the next fetch is under way. */
const AHEAD_BYTES_MAX = 64 * 1024 * 1024
const PARTITION_AHEAD_BYTES_MAX = 4 * 1024 * 1024

/** What nobody has read from for so long is not fetched ahead any more: the partition is another worker's. */
const UNUSED_MS = 30_000

const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 1_000

const OFFSET_OUT_OF_RANGE = 1
const LEADER_NOT_AVAILABLE = 5
const UNKNOWN_TOPIC = 3
const UNKNOWN_TOPIC_ID = 100
const INCONSISTENT_TOPIC_ID = 103

const AT_ONCE: FetchLimits = { wait_ms: 0, bytes_max: FETCH_BYTES_MAX, partitionBytes_max: PARTITION_BYTES_MAX }

/** The offset that a reader stands at is not in the log. */
export class OutOfRangeAnswer extends Error {}

/** Fetches ahead for readers of partitions: from each broker, whatever its partitions have, as soon as they have it. */
export class Fetcher {
  readonly #metadata: ClusterMetadata
  readonly #connections: BrokerConnections
  readonly #now: () => number
  readonly #onArrival: (topic: string) => void
  readonly #readers = new Map<string, PartitionReader>()
  /** Partitions that could not be looked at last: they are tried once, as somebody tries again and again, and has others to read. */
  readonly #lost = new Set<string>()
  /** The leader of each reader's partition that has said where it ends. */
  readonly #knowers = new WeakMap<PartitionReader, number>()
  readonly #learning = new WeakSet<PartitionReader>()
  readonly #loops = new Map<number, Promise<void>>()
  #wake: (() => void)[] = []
  #looking: NodeJS.Timeout | null = null
  #turn = 0
  #open = true

  constructor(
    metadata: ClusterMetadata,
    connections: BrokerConnections,
    now: () => number,
    onArrival: (topic: string) => void,
  ) {
    this.#metadata = metadata
    this.#connections = connections
    this.#now = now
    this.#onArrival = onArrival
    metadata.onRead = () => this.#wakeAll()
  }

  /** The reader of a partition that goes on at this offset: the one that is there, or a new one, which has looked at the log already. */
  async reader(topic: string, topicId: string | null, partition: number, offset: number): Promise<PartitionReader> {
    const key = `${topic}/${partition}`
    const held = this.#readers.get(key)
    if (held?.topicId === topicId && held.continuesAt(offset)) return held
    const reader = new PartitionReader(topic, topicId, partition, offset, this.#now)
    await this.look(reader)
    this.#readers.set(key, reader)
    this.#wakeAll()
    return reader
  }

  /** Asks for what is there now, beside the fetch that waits for more. */
  async look(reader: PartitionReader): Promise<void> {
    const { topic, topicId, partition } = reader
    const key = `${topic}/${partition}`
    await retried(
      this.#lost.has(key) ? 0 : RETRY_MS,
      async () => {
        const leader = this.#metadata.leader(topic, partition)
        if (leader === undefined) throw errorFromCode(LEADER_NOT_AVAILABLE)
        const broker = await this.#metadata.connections.node(leader)
        const connection = await broker.connectionPool.getConnection(0)
        await this.#learnEnd(reader, leader)
        const sent_ms = this.#now()
        const offset = reader.fetchOffset
        const [fetched] = await connection.send(fetchRequest(broker, [{ topic, topicId, partition, offset }], AT_ONCE))
        if (![0, OFFSET_OUT_OF_RANGE].includes(fetched!.errorCode)) throw fetchError(fetched!)
        this.#lost.delete(key)
        if (fetched!.errorCode === OFFSET_OUT_OF_RANGE) throw new OutOfRangeAnswer()
        // The fetch that waits for more may have been quicker.
        reader.accept(fetched!, sent_ms, this.#knowers.get(reader) === leader)
      },
      () => this.#metadata.refresh(),
    ).catch((error: unknown) => {
      if (!(error instanceof OutOfRangeAnswer)) {
        this.#lost.add(key)
        void this.#metadata.refresh()
      }
      throw error
    })
  }

  /** Forgets a partition's reader: the next read looks anew. */
  forget(reader: PartitionReader): void {
    const key = `${reader.topic}/${reader.partition}`
    if (this.#readers.get(key) === reader) this.#readers.delete(key)
  }

  /** Lets fetching go on after something was read. */
  drained(): void {
    if (this.#wake.length > 0) this.#wakeAll()
  }

  async close(): Promise<void> {
    this.#open = false
    this.#readers.clear()
    if (this.#looking !== null) clearTimeout(this.#looking)
    this.#wakeAll()
    await Promise.all(this.#loops.values())
  }

  /** Lets every broker be asked for what it leads now. */
  #wakeAll(): void {
    if (this.#open) {
      for (const reader of this.#readers.values()) {
        const leader = this.#metadata.leader(reader.topic, reader.partition)
        if (leader === undefined) this.#orphaned(reader)
        else if (!this.#loops.has(leader)) this.#loops.set(leader, this.#loop(leader))
      }
    }
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** A partition without a leader is nobody's to ask for, so somebody has to look for a new one. */
  #orphaned(reader: PartitionReader): void {
    this.#failed(reader, errorFromCode(LEADER_NOT_AVAILABLE))
    this.#looking ??= setTimeout(() => {
      this.#looking = null
      void this.#metadata.refresh()
    }, PAUSE_MS_MAX).unref()
  }

  async #loop(node: number): Promise<void> {
    let pause_ms = PAUSE_MS_MIN
    while (this.#open) {
      const readers = this.#ready(node)
      if (readers.length === 0) {
        await new Promise<void>((resolve) => this.#wake.push(resolve))
        continue
      }
      if (await this.#fetch(node, readers)) {
        pause_ms = PAUSE_MS_MIN
        continue
      }
      await new Promise((resolve) => setTimeout(resolve, pause_ms))
      pause_ms = Math.min(2 * pause_ms, PAUSE_MS_MAX)
      await this.#metadata.refresh()
    }
  }

  /** One round to one broker; answers whether all went well. */
  async #fetch(node: number, readers: readonly PartitionReader[]): Promise<boolean> {
    try {
      const broker = await this.#connections.node(node)
      const connection = await broker.connectionPool.getConnection(1)
      const sent_ms = this.#now()
      const places = readers.map(({ topic, topicId, partition, fetchOffset }) => ({
        ...{ topic, topicId, partition },
        offset: fetchOffset,
      }))
      const answer = await connection.send(fetchRequest(broker, places, { ...AT_ONCE, wait_ms: WAIT_MS }))
      let well = true
      for (const fetched of answer) well = this.#accept(readers, fetched, node, sent_ms) && well
      return well
    } catch (error) {
      this.#connections.drop(node)
      for (const reader of readers) this.#failed(reader, error)
      return false
    }
  }

  /** Whether it is a new leader that leads then, nobody knows. */
  #failed(reader: PartitionReader, error: unknown): void {
    this.#knowers.delete(reader)
    reader.fail(error, !isRetriable(error))
  }

  /** A leader that was elected just now may take its log for shorter than it is, until it says where it ends. */
  async #learnEnd(reader: PartitionReader, node: number): Promise<void> {
    if (this.#knowers.get(reader) === node || this.#learning.has(reader)) return
    const { topic, partition } = reader
    this.#learning.add(reader)
    try {
      await endKnown(this.#metadata, topic, partition)
      if (this.#metadata.leader(topic, partition) === node) this.#knowers.set(reader, node)
    } catch {
      // It does not say so yet: it is asked again with the next fetch.
    } finally {
      this.#learning.delete(reader)
    }
  }

  #accept(readers: readonly PartitionReader[], fetched: FetchedPartition, node: number, sent_ms: number): boolean {
    const { topic, partition, errorCode } = fetched
    const reader = readers.find((one) => one.topic === topic && one.partition === partition)
    if (reader === undefined) return true
    if (errorCode === 0) {
      const knowsEnd = this.#knowers.get(reader) === node
      if (!knowsEnd) void this.#learnEnd(reader, node)
      if (reader.accept(fetched, sent_ms, knowsEnd)) this.#onArrival(topic)
      return true
    }
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      reader.fail(new OutOfRangeAnswer(), true)
      this.#onArrival(topic)
      return true
    }
    this.#failed(reader, fetchError(fetched))
    return false
  }

  /** The readers to fetch for, in turn: an answer that is full leaves out the last ones. */
  #ready(node: number): PartitionReader[] {
    const unused_ms = this.#now() - UNUSED_MS
    const room = Math.min(PARTITION_AHEAD_BYTES_MAX, AHEAD_BYTES_MAX / this.#readers.size)
    const ready: PartitionReader[] = []
    for (const [key, reader] of this.#readers) {
      if (this.#metadata.leader(reader.topic, reader.partition) !== node) continue
      if (reader.used_ms < unused_ms) this.#readers.delete(key)
      else if (reader.bytes < room && !reader.halted) ready.push(reader)
    }
    const first = ready.length === 0 ? 0 : this.#turn++ % ready.length
    return [...ready.slice(first), ...ready.slice(0, first)]
  }
}

/** A broker may learn a little later of a topic than we do; one that was deleted, the metadata tells of. */
function fetchError({ topic, errorCode }: FetchedPartition): Error {
  if (errorCode !== UNKNOWN_TOPIC_ID && errorCode !== INCONSISTENT_TOPIC_ID) return errorFromCode(errorCode)
  return Object.assign(errorFromCode(UNKNOWN_TOPIC), { message: `the broker does not know ${topic} by its id` })
}
