import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { KafkaRequest } from './kafkajs-inside.ts'

const FETCH = 1
/** Of Kafka 2.3 (2019); topics are named, not numbered. */
export const FETCH_VERSION = 11
const READ_COMMITTED = 1

export interface FetchPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** An aborted transaction: what this producer wrote from there on, up to its end, is void. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** Messages below it may be read: all before it is on all replicas in sync, and of no open transaction. */
  readonly stableOffset: number
  readonly startOffset: number
  readonly aborted: readonly AbortedTransaction[]
  readonly records: Buffer
}

export interface FetchLimits {
  /** How long the broker may wait for something to answer. */
  readonly wait_ms: number
  readonly bytes_max: number
  readonly partitionBytes_max: number
}

/** Asks one broker for what partitions have from an offset on. */
export function fetchRequest(places: readonly FetchPlace[], limits: FetchLimits): KafkaRequest<FetchedPartition[]> {
  return {
    request: { apiKey: FETCH, apiVersion: FETCH_VERSION, apiName: 'Fetch', encode: async () => encode(places, limits) },
    response: { decode: async (body) => decode(body), parse: async (decoded) => parse(decoded as Response) },
  }
}

function encode(places: readonly FetchPlace[], { wait_ms, bytes_max, partitionBytes_max }: FetchLimits): ByteWriter {
  const topics = new Map<string, FetchPlace[]>()
  for (const place of places) topics.set(place.topic, [...(topics.get(place.topic) ?? []), place])
  const writer = new ByteWriter()
  // Replica -1: a consumer. At least one byte. No fetch session: 0, -1.
  writer.int32(-1).int32(wait_ms).int32(1).int32(bytes_max).int8(READ_COMMITTED).int32(0).int32(-1)
  writer.array([...topics], ([topic, partitions]) =>
    writer.string(topic).array(partitions, ({ partition, offset }) =>
      // Leader epoch and our own start of the log: not known.
      writer.int32(partition).int32(-1).int64(offset).int64(-1).int32(partitionBytes_max),
    ),
  )
  // No partitions leave the session; no rack.
  return writer.int32(0).string('')
}

interface Response {
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly partitions: FetchedPartition[]
}

function decode(body: Buffer): Response {
  const reader = new ByteReader(body)
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const topics = reader.array(() => {
    const topic = reader.string()!
    return reader.array((): FetchedPartition => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.int64()
      const stableOffset = reader.int64()
      const startOffset = reader.int64()
      const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }))
      reader.int32()
      return { topic, partition, errorCode, stableOffset, startOffset, aborted, records: reader.bytes() }
    })
  })
  return { clientSideThrottleTime, errorCode, partitions: topics.flat() }
}

function parse({ errorCode, partitions }: Response): FetchedPartition[] {
  if (errorCode === 0) return partitions
  return partitions.map((partition) => ({ ...partition, errorCode }))
}
