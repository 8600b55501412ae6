import { setTimeout as sleep } from 'node:timers/promises'
import { type AppendBatch, AppendCall, batchesOf } from './append-batches.ts'
import type { BrokerConnections } from './broker-connections.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { errorFromCode, type KafkaError } from './kafkajs-inside.ts'
import { keyPartition } from './key-partition.ts'
import { produceRequest } from './produce-request.ts'
import { encodeBatch } from './record-batch-writer.ts'
import { isRetriable } from './retried.ts'

/** Bytes of messages of concurrent calls that are sent together. */
const GROUP_BYTES_MAX = 16 * 1024 * 1024

/** Bytes of messages that wait for brokers at most, some 10 s of what one process can take in: more would end it for want of memory. */
const PENDING_BYTES_MAX = 128 * 1024 * 1024

/** Sequence numbers have 31 bits; a new producer begins long before. */
const SEQUENCE_MAX = 2 ** 31 - 2 ** 24

const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 1_000

const LEADER_NOT_AVAILABLE = 5

/** The broker no longer knows what this producer wrote last: it goes on under a new number, and may write the batch twice. */
const PRODUCER_LOST: readonly (string | undefined)[] = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
]

/** The topic takes no batch of that size; it may take its messages. */
const TOO_LARGE: readonly (string | undefined)[] = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']

interface Identity {
  readonly id: number
  readonly epoch: number
  /** By topic and partition: the number of the next message. */
  readonly sequences: Map<string, number>
}

/** A batch under way; its bytes are made once for a producer, so that a broker knows them again. */
interface Sending {
  readonly batch: AppendBatch
  encoded: { readonly identity: Identity; readonly records: Buffer } | null
}

/**
 * Appends to Kafka: acknowledged by all replicas in sync, keyed as Kafka's own clients do, repeated without being written twice.
 * One group of calls is under way at a time, so that order holds; while it is, the next one gathers.
 */
export class Producer {
  readonly #metadata: ClusterMetadata
  readonly #connections: BrokerConnections
  readonly #delivery_ms: number
  readonly #now: () => number
  #pending: AppendCall[] = []
  #pendingBytes = 0
  /** What the last request to a broker failed with. */
  #failure: unknown = null
  #sending: Promise<void> | null = null
  #identity: Identity | null = null

  constructor(
    metadata: ClusterMetadata,
    connections: BrokerConnections,
    { delivery_ms, now }: { delivery_ms: number; now: () => number },
  ) {
    this.#metadata = metadata
    this.#connections = connections
    this.#delivery_ms = delivery_ms
    this.#now = now
  }

  /**
   * Resolves once the brokers have all of them. The bytes must not change until then. Throws where it did not get on its way within the time of
   * delivery, or too much waits already.
   */
  append(
    topic: string,
    messages: AppendCall['messages'],
    bytes: number,
  ): Promise<{ partition: number; offset: number }[]> {
    if (this.#pending.length > 0 && this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      const waiting = `${this.#pendingBytes} bytes wait for the brokers already`
      return Promise.reject(new Error(`topic ${topic} takes no more for now, as ${waiting}: send it again later`))
    }
    return new Promise((resolve, reject) => {
      const due_ms = performance.now() + this.#delivery_ms
      this.#pending.push(new AppendCall(topic, messages, bytes, due_ms, resolve, reject))
      this.#pendingBytes += bytes
      this.#sending ??= this.#send()
    })
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#pending.length > 0) {
      const group: AppendCall[] = []
      for (let bytes = 0; this.#pending.length > 0 && bytes < GROUP_BYTES_MAX; ) {
        const call = this.#pending.shift()!
        this.#pendingBytes -= call.bytes
        if (call.due_ms < performance.now()) {
          // Others before it were tried for so long that it is not worth a try of its own.
          const message = `topic ${call.topic} took nothing for ${this.#delivery_ms} ms`
          call.fail(new Error(message, { cause: this.#failure }))
          continue
        }
        bytes += call.bytes
        group.push(call)
      }
      try {
        await this.#sendGroup(group)
      } catch (error) {
        for (const call of group) call.fail(error)
      }
    }
    // In the same turn as the last look at what is pending, or a call in between would wait for ever.
    this.#sending = null
  }

  async #sendGroup(group: readonly AppendCall[]): Promise<void> {
    const counts = new Map<string, number>()
    for (const { topic } of group) counts.set(topic, await this.#metadata.partitions(topic))
    const queues = batchesOf(group, (topic, key) => keyPartition(key, counts.get(topic)!))
    const until_ms = performance.now() + this.#delivery_ms
    // One batch of each partition at a time.
    for (let round = 0; queues.some((queue) => round < queue.length); round++) {
      const batches = queues.flatMap((queue) => queue[round] ?? []).filter((batch) => !batch.isGivenUp)
      if (batches.length > 0) await this.#deliver(batches, until_ms)
    }
  }

  /** Sends batches until each is written or has failed for good; for the first time also after `until_ms`. */
  async #deliver(batches: readonly AppendBatch[], until_ms: number): Promise<void> {
    let left: Sending[] = batches.map((batch) => ({ batch, encoded: null }))
    for (let pause_ms = PAUSE_MS_MIN; ; pause_ms = Math.min(2 * pause_ms, PAUSE_MS_MAX)) {
      const failed = await this.#sendOnce(left)
      const lasting = performance.now() + pause_ms > until_ms
      left = [...failed.keys()].filter((sending) => !lasting && mayPass(failed.get(sending)!))
      for (const [sending, error] of failed) {
        if (left.includes(sending)) continue
        this.#failure = error
        // It may have been written all the same: its numbers must not be given to other messages.
        this.#identity = null
        if (TOO_LARGE.includes(error.type) && sending.batch.messages.length > 1) {
          for (const half of sending.batch.halves()) await this.#deliver([half], until_ms)
        } else sending.batch.fail(told(error, sending.batch))
      }
      if (left.length === 0) return
      await sleep(pause_ms)
      // It is tried for longer than we may have.
      await Promise.race([this.#metadata.refresh(), sleep(until_ms - performance.now(), undefined, { ref: false })])
    }
  }

  /** One request to each leader; answers what failed, and how. */
  async #sendOnce(batches: readonly Sending[]): Promise<Map<Sending, KafkaError>> {
    const failed = new Map<Sending, KafkaError>()
    const byLeader = new Map<number, Sending[]>()
    try {
      const identity = await this.#identify()
      for (const sending of batches) {
        if (sending.encoded?.identity !== identity) sending.encoded = this.#encode(sending.batch, identity)
      }
    } catch (error) {
      return new Map(batches.map((sending) => [sending, error as KafkaError]))
    }
    for (const sending of batches) {
      const leader = this.#metadata.leader(sending.batch.topic, sending.batch.partition)
      if (leader === undefined) failed.set(sending, errorFromCode(LEADER_NOT_AVAILABLE))
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), sending])
    }
    await Promise.all(
      [...byLeader].map(async ([leader, own]) => {
        try {
          const broker = await this.#connections.node(leader)
          const connection = await broker.connectionPool.getConnection(0)
          const request = own.map(({ batch, encoded }) => ({
            topic: batch.topic,
            partition: batch.partition,
            records: encoded!.records,
          }))
          for (const { topic, partition, errorCode, baseOffset } of await connection.send(produceRequest(request))) {
            const sending = own.find(({ batch }) => batch.topic === topic && batch.partition === partition)!
            if (errorCode === 0) sending.batch.placed(baseOffset)
            else failed.set(sending, errorFromCode(errorCode))
          }
        } catch (error) {
          this.#connections.drop(leader)
          for (const sending of own) failed.set(sending, error as KafkaError)
        }
      }),
    )
    if ([...failed.values()].some(({ type }) => PRODUCER_LOST.includes(type))) this.#identity = null
    return failed
  }

  #encode(batch: AppendBatch, identity: Identity): NonNullable<Sending['encoded']> {
    const name = `${batch.topic}/${batch.partition}`
    const sequence = identity.sequences.get(name) ?? 0
    identity.sequences.set(name, sequence + batch.messages.length)
    const records = encodeBatch(batch.messages, Math.floor(this.#now()), { ...identity, sequence })
    return { identity, records }
  }

  async #identify(): Promise<Identity> {
    const worn = [...(this.#identity?.sequences.values() ?? [])].some((sequence) => sequence > SEQUENCE_MAX)
    if (this.#identity !== null && !worn) return this.#identity
    const broker = await this.#connections.any()
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 0 })
    this.#identity = { id: Number(producerId), epoch: producerEpoch, sequences: new Map() }
    return this.#identity
  }
}

function mayPass(error: KafkaError): boolean {
  return isRetriable(error) || PRODUCER_LOST.includes(error.type)
}

/** Says what to do where it is in the user's hands. */
function told(error: KafkaError, { topic, messages }: AppendBatch): KafkaError {
  if (!TOO_LARGE.includes(error.type)) return error
  const [message] = messages
  return new Error(
    `topic ${topic} takes no message of ${message!.value.length} bytes: raise its max.message.bytes, or send smaller events`,
    { cause: error },
  )
}
