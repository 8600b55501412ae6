import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { KafkaBroker, KafkaRequest } from './kafkajs-inside.ts'

const FETCH = 1
/** Of Kafka 2.3 (2019); topics are named. */
export const FETCH_VERSION = 11
/** Of Kafka 3.1 (2022); topics are told by their ids, so that none is read that was made anew under the name of another. */
const FETCH_BY_ID_VERSION = 13
const READ_COMMITTED = 1

export interface FetchPlace {
  readonly topic: string
  /** Null: whichever has the name. */
  readonly topicId: string | null
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

/** Asks one broker for what partitions have from an offset on: of topics by id, where the broker takes that and all ids are known. */
export function fetchRequest(
  { versions }: KafkaBroker,
  places: readonly FetchPlace[],
  limits: FetchLimits,
): KafkaRequest<FetchedPartition[]> {
  const byId =
    (versions?.[FETCH]?.maxVersion ?? 0) >= FETCH_BY_ID_VERSION && places.every(({ topicId }) => topicId !== null)
  const names = new Map(places.map(({ topicId, topic }) => [topicId, topic]))
  return {
    request: {
      apiKey: FETCH,
      apiVersion: byId ? FETCH_BY_ID_VERSION : FETCH_VERSION,
      apiName: 'Fetch',
      encode: async () => (byId ? encodeById(places, limits) : encode(places, limits)),
    },
    response: {
      decode: async (body) => (byId ? decodeById(body, (id) => names.get(id) ?? '') : decode(body)),
      parse: async (decoded) => parse(decoded as Response),
    },
  }
}

function byTopic(places: readonly FetchPlace[]): [string, FetchPlace[]][] {
  const topics = new Map<string, FetchPlace[]>()
  for (const place of places) topics.set(place.topic, [...(topics.get(place.topic) ?? []), place])
  return [...topics]
}

function encode(places: readonly FetchPlace[], { wait_ms, bytes_max, partitionBytes_max }: FetchLimits): ByteWriter {
  const writer = new ByteWriter()
  // Replica -1: a consumer. At least one byte. No fetch session: 0, -1.
  writer.int32(-1).int32(wait_ms).int32(1).int32(bytes_max).int8(READ_COMMITTED).int32(0).int32(-1)
  writer.array(byTopic(places), ([topic, partitions]) =>
    writer.string(topic).array(partitions, ({ partition, offset }) =>
      // Leader epoch and our own start of the log: not known.
      writer.int32(partition).int32(-1).int64(offset).int64(-1).int32(partitionBytes_max),
    ),
  )
  // No partitions leave the session; no rack.
  return writer.int32(0).string('')
}

function encodeById(
  places: readonly FetchPlace[],
  { wait_ms, bytes_max, partitionBytes_max }: FetchLimits,
): ByteWriter {
  const writer = new ByteWriter().tags()
  writer.int32(-1).int32(wait_ms).int32(1).int32(bytes_max).int8(READ_COMMITTED).int32(0).int32(-1)
  writer.compactArray(byTopic(places), ([, partitions]) =>
    writer
      .uuid(partitions[0]!.topicId!)
      .compactArray(partitions, ({ partition, offset }) =>
        // Nor the epoch of what was fetched last.
        writer.int32(partition).int32(-1).int64(offset).int32(-1).int64(-1).int32(partitionBytes_max).tags(),
      )
      .tags(),
  )
  return writer
    .compactArray([], () => {})
    .compactString('')
    .tags()
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

function decodeById(body: Buffer, nameOf: (topicId: string) => string): Response {
  const reader = new ByteReader(body).tags()
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const topics = reader.compactArray(() => {
    const topic = nameOf(reader.uuid())
    const partitions = reader.compactArray((): FetchedPartition => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      reader.int64()
      const stableOffset = reader.int64()
      const startOffset = reader.int64()
      const aborted = reader.compactArray(() => {
        const transaction = { producerId: reader.int64(), firstOffset: reader.int64() }
        reader.tags()
        return transaction
      })
      reader.int32()
      const records = reader.compactBytes()
      reader.tags()
      return { topic, partition, errorCode, stableOffset, startOffset, aborted, records }
    })
    reader.tags()
    return partitions
  })
  return { clientSideThrottleTime, errorCode, partitions: topics.flat() }
}

function parse({ errorCode, partitions }: Response): FetchedPartition[] {
  if (errorCode === 0) return partitions
  return partitions.map((partition) => ({ ...partition, errorCode }))
}
