import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type KafkaBroker, type KafkaMetadata, type KafkaRequest, namedMetadataRequest } from './kafkajs-inside.ts'

const METADATA = 3
/** Of Kafka 2.8 (2021): topics have ids. kafkajs knows none so new. */
const METADATA_VERSION = 11

/** An id that stands for none. */
export const NO_TOPIC_ID = '0'.repeat(32)

/** Asks a broker for topics (none: for all of them), with their ids where it knows any. */
export function metadataRequest(broker: KafkaBroker, topics: readonly string[]): KafkaRequest<KafkaMetadata> {
  if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < METADATA_VERSION) return namedMetadataRequest(topics)
  return {
    request: {
      apiKey: METADATA,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      encode: async () => encode(topics),
    },
    response: { decode: async (body) => decode(body), parse: async (decoded) => decoded as KafkaMetadata },
  }
}

function encode(topics: readonly string[]): ByteWriter {
  const writer = new ByteWriter().tags()
  if (topics.length === 0) writer.uvarint(0)
  else writer.compactArray(topics, (topic) => writer.uuid(NO_TOPIC_ID).compactString(topic).tags())
  // No topics are made, and nobody asks for rights.
  return writer.int8(0).int8(0).tags()
}

function decode(body: Buffer): KafkaMetadata & { readonly clientSideThrottleTime: number } {
  const reader = new ByteReader(body).tags()
  const clientSideThrottleTime = reader.int32()
  const brokers = reader.compactArray(() => {
    const place = { nodeId: reader.int32(), host: reader.compactString()!, port: reader.int32() }
    reader.compactString()
    reader.tags()
    return place
  })
  reader.compactString()
  const controllerId = reader.int32()
  const topicMetadata = reader.compactArray(() => {
    const topicErrorCode = reader.int16()
    const topic = reader.compactString()!
    const topicId = reader.uuid()
    const isInternal = reader.int8() !== 0
    const partitionMetadata = reader.compactArray(() => {
      reader.int16()
      const partition = { partitionId: reader.int32(), leader: reader.int32() }
      reader.int32()
      // Replicas: all, those in sync, those that are away.
      for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32())
      reader.tags()
      return partition
    })
    reader.int32()
    reader.tags()
    return { topicErrorCode, topic, topicId: topicId === NO_TOPIC_ID ? null : topicId, isInternal, partitionMetadata }
  })
  return { clientSideThrottleTime, brokers, controllerId, topicMetadata }
}
