import { createRequire } from 'node:module'
import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs'
import { CONNECTION_MS, type KafkaOptions, REQUEST_MS } from './kafka-options.ts'

/**
 * All that we use of kafkajs beside its public interface: connections (TLS, SASL, versions, timeouts) and single requests.
 * Its consumer resets offsets in silence, and decodes and encodes each message as objects, at a quarter of the speed: so fetching
 * and producing are ours. The version is pinned for this file's sake.
 */
const require = createRequire(import.meta.url)

/** Bytes of a request's body. */
export interface RequestBody {
  readonly buf: Buffer
  readonly buffer: Buffer
}

export interface KafkaRequest<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<RequestBody>
  }
  readonly response: { decode(body: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<T> }
}

export interface KafkaConnection {
  send<T>(request: KafkaRequest<T>): Promise<T>
}

type PerTopic<T> = readonly { readonly topic: string; readonly partitions: readonly T[] }[]

/** A broker, by its connections; requests throw kafkajs's errors. */
export interface KafkaBroker {
  /** By API key, once connected. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null
  readonly connectionPool: { getConnection(index: 0 | 1): Promise<KafkaConnection> }
  isConnected(): boolean
  connect(): Promise<void>
  disconnect(): Promise<void>
  createTopics(request: {
    topics: readonly {
      topic: string
      numPartitions: number
      configEntries: readonly { name: string; value: string }[]
    }[]
    timeout: number
  }): Promise<unknown>
  listOffsets(request: {
    isolationLevel: number
    topics: PerTopic<{ partition: number; timestamp: number }>
  }): Promise<{ responses: PerTopic<{ partition: number; offset: string }> }>
  deleteRecords(request: {
    topics: PerTopic<{ partition: number; offset: string }>
  }): Promise<{ topics: PerTopic<{ partition: number; lowWatermark: bigint | { toString(): string } }> }>
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
  findGroupCoordinator(request: { groupId: string; coordinatorType: 0 }): Promise<{
    coordinator: { nodeId: number; host: string; port: number }
  }>
  offsetFetch(request: { groupId: string; topics: readonly [] }): Promise<{
    responses: PerTopic<{ partition: number; offset: string; metadata: string | null }>
  }>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: PerTopic<{ partition: number; offset: string; metadata: string | null }>
  }): Promise<unknown>
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: readonly { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  deleteGroups(groupIds: readonly string[]): Promise<{ results: readonly { readonly error?: KafkaError }[] }>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}

/** What the brokers say about themselves and about topics. */
export interface KafkaMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly controllerId: number
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number
    readonly topic: string
    /** Another for each topic that ever had the name; null: the brokers know none. */
    readonly topicId: string | null
    readonly isInternal: boolean
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[]
  }[]
}

interface Cluster {
  readonly brokerPool: { createBroker(options: object): KafkaBroker }
  readonly connectionPoolBuilder: { build(place?: { host: string; port: number }): Promise<unknown> }
}

/** An error of a broker's answer or of a connection. */
export interface KafkaError extends Error {
  /** Kafka's name of the error, such as `NOT_LEADER_FOR_PARTITION`. */
  readonly type?: string
  readonly retriable?: boolean
}

export const errorFromCode: (code: number) => KafkaError = require('kafkajs/src/protocol/error.js').createErrorFromCode

/** Makes brokers: of an address, or of the next of the addresses that were configured. */
export function brokerMaker(options: KafkaOptions): (place?: { host: string; port: number }) => Promise<KafkaBroker> {
  const { brokers, clientId = 'millrace', ssl, sasl } = options
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: CONNECTION_MS,
    requestTimeout: REQUEST_MS,
    socketFactory,
    // Whatever goes wrong is thrown to us.
    logLevel: logLevel.NOTHING,
  })
  const inside = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith('createCluster'))
  if (inside === undefined) throw new Error('this version of kafkajs is not known: install kafkajs 2.2.4')
  const hidden = kafka as unknown as Record<symbol, (options: object) => Cluster>
  const { brokerPool, connectionPoolBuilder } = hidden[inside]!({ allowAutoTopicCreation: false })
  return async (place) =>
    brokerPool.createBroker({ connectionPool: await connectionPoolBuilder.build(place), logger: kafka.logger() })
}

/** Asks for topics (none: for all of them), without their ids, and does not take one partition's trouble for everybody's. */
export function namedMetadataRequest(topics: readonly string[]): KafkaRequest<KafkaMetadata> {
  return {
    request: require('kafkajs/src/protocol/requests/metadata/v5/request.js')({ topics, allowAutoTopicCreation: false }),
    response: {
      decode: require('kafkajs/src/protocol/requests/metadata/v5/response.js').decode,
      parse: async (decoded) => withoutIds(decoded as KafkaMetadata),
    },
  }
}

function withoutIds(metadata: KafkaMetadata): KafkaMetadata {
  return { ...metadata, topicMetadata: metadata.topicMetadata.map((topic) => ({ ...topic, topicId: null })) }
}

/** kafkajs's own leaves Nagle's algorithm on, which holds back the end of a large request for 40 ms. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const place = { host, port }
  const tls = ssl as ConnectionOptions | boolean | undefined
  const socket = tls
    ? connectTls({ servername: /^[\d.:]+$/.test(host) ? '' : host, ...place, ...(tls === true ? {} : tls) }, onConnect)
    : connectTcp(place, onConnect)
  return socket.setKeepAlive(true, 60_000).setNoDelay(true)
}
