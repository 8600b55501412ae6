import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { KafkaRequest } from './kafkajs-inside.ts'

const PRODUCE = 0
/** Of Kafka 2.1 (2018). */
const PRODUCE_VERSION = 7
const ALL_REPLICAS = -1

/** How long a leader waits for its replicas. */
const REPLICATION_MS = 8_000

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly records: Buffer
}

export interface ProducedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: number
}

/** Hands one broker batches, at most one of each partition; answered once all replicas in sync have them. */
export function produceRequest(batches: readonly PartitionBatch[]): KafkaRequest<ProducedPartition[]> {
  return {
    request: { apiKey: PRODUCE, apiVersion: PRODUCE_VERSION, apiName: 'Produce', encode: async () => encode(batches) },
    response: {
      decode: async (body) => decode(body),
      parse: async (decoded) => (decoded as ReturnType<typeof decode>).partitions,
    },
  }
}

function encode(batches: readonly PartitionBatch[]): ByteWriter {
  const bytes = batches.reduce((sum, { records }) => sum + records.length + 100, 100)
  const writer = new ByteWriter(bytes).string(null).int16(ALL_REPLICAS).int32(REPLICATION_MS)
  const topics = new Map<string, PartitionBatch[]>()
  for (const batch of batches) topics.set(batch.topic, [...(topics.get(batch.topic) ?? []), batch])
  return writer.array([...topics], ([topic, own]) =>
    writer.string(topic).array(own, ({ partition, records }) => writer.int32(partition).bytes(records)),
  )
}

function decode(body: Buffer) {
  const reader = new ByteReader(body)
  const topics = reader.array(() => {
    const topic = reader.string()!
    return reader.array((): ProducedPartition => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const baseOffset = reader.int64()
      // Append time and start of the log.
      reader.int64()
      reader.int64()
      return { topic, partition, errorCode, baseOffset }
    })
  })
  return { partitions: topics.flat(), clientSideThrottleTime: reader.int32() }
}
