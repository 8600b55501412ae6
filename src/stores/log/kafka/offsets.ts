import type { PartitionRange } from '../../event-log.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { RETRY_MS } from './kafka-options.ts'
import { errorFromCode, type KafkaBroker } from './kafkajs-inside.ts'
import { retried } from './retried.ts'

const READ_COMMITTED = 1
const EARLIEST = -2
const LATEST = -1
const LEADER_NOT_AVAILABLE = 5

/** What a topic's partitions hold: up to where it may be read, which open transactions hold back. */
export async function topicRanges(metadata: ClusterMetadata, topic: string): Promise<PartitionRange[]> {
  const count = await metadata.partitionsNow(topic)
  const all = Array.from({ length: count }, (_, partition) => partition)
  // In this order: the start may move past an end that was read before.
  const ends = await offsetsAt(metadata, topic, all, LATEST)
  const starts = await offsetsAt(metadata, topic, all, EARLIEST)
  return all.map((partition) => {
    const start = starts.get(partition)!
    return { partition, start, end: Math.max(start, ends.get(partition)!) }
  })
}

/** Drops messages below `offset` that are older than `before_ms`. Answers how many. */
export async function trimPartition(
  metadata: ClusterMetadata,
  topic: string,
  partition: number,
  offset: number,
  before_ms: number,
): Promise<number> {
  const start = (await offsetsAt(metadata, topic, [partition], EARLIEST)).get(partition)!
  const end = (await offsetsAt(metadata, topic, [partition], LATEST)).get(partition)!
  // The first message that is not older; -1: there is none.
  const time_ms = Math.max(0, Math.min(before_ms, Number.MAX_SAFE_INTEGER))
  const kept = (await offsetsAt(metadata, topic, [partition], time_ms)).get(partition)!
  const target = Math.min(offset, end, kept === -1 ? end : kept)
  if (target <= start) return 0
  await atLeader(metadata, topic, partition, (broker) =>
    broker.deleteRecords({ topics: [{ topic, partitions: [{ partition, offset: String(target) }] }] }),
  )
  return target - start
}

/** Resolves when the leader of a partition knows where it ends: a new one says so only then (KIP-207). */
export async function endKnown(metadata: ClusterMetadata, topic: string, partition: number): Promise<void> {
  await offsetsAt(metadata, topic, [partition], LATEST)
}

/** The offsets of an instant, or of the start or the end, by partition. */
async function offsetsAt(
  metadata: ClusterMetadata,
  topic: string,
  partitions: readonly number[],
  timestamp: number,
): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  await retried(
    RETRY_MS,
    async () => {
      const left = partitions.filter((partition) => !found.has(partition))
      const byLeader = new Map<number, number[]>()
      for (const partition of left) {
        const leader = metadata.leader(topic, partition)
        if (leader === undefined) throw errorFromCode(LEADER_NOT_AVAILABLE)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
      }
      for (const [leader, own] of byLeader) {
        const broker = await metadata.connections.node(leader)
        const asked = { topic, partitions: own.map((partition) => ({ partition, timestamp })) }
        const { responses } = await broker.listOffsets({ isolationLevel: READ_COMMITTED, topics: [asked] })
        for (const { partition, offset } of responses[0]!.partitions) found.set(partition, Number(offset))
      }
    },
    () => metadata.refresh(),
  )
  return found
}

function atLeader<T>(
  metadata: ClusterMetadata,
  topic: string,
  partition: number,
  work: (broker: KafkaBroker) => Promise<T>,
): Promise<T> {
  return retried(
    RETRY_MS,
    async () => {
      const leader = metadata.leader(topic, partition)
      if (leader === undefined) throw errorFromCode(LEADER_NOT_AVAILABLE)
      return work(await metadata.connections.node(leader))
    },
    () => metadata.refresh(),
  )
}
