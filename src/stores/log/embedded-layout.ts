import type { Database } from 'lmdb'
import type { LmdbEnvironment } from '../lmdb/environment.ts'
import { numbersKey, textKey } from '../lmdb/key-encoder.ts'
import { PackedMessages } from './packed-messages.ts'

/** The databases of the log. */
export interface LogDatabases {
  /** By name: JSON of {@link StoredTopic}. */
  readonly topics: Database<Buffer, string>
  /** By topic, partition and the offset of the first message: packed messages. */
  readonly messages: Database<Buffer, number[]>
  /** By topic and partition: JSON of {@link TrimmedPartition}. */
  readonly trimmed: Database<Buffer, number[]>
  /** By JSON of (group, topic, partition): the offset as text. */
  readonly positions: Database<Buffer, string>
}

export interface StoredTopic {
  readonly number: number
  readonly partitions: number
}

/** What a partition was when it was last trimmed: all that is known of one that lost every message. */
export interface TrimmedPartition {
  readonly end: number
  readonly last_ms: number
}

/** A partition as it was acknowledged. */
export interface Partition {
  start: number
  end: number
  /** When its last message was appended. */
  last_ms: number
}

export interface Topic extends StoredTopic {
  readonly name: string
  readonly held: readonly Partition[]
}

export function openLogDatabases(environment: LmdbEnvironment): LogDatabases {
  return {
    topics: environment.database('topics', textKey),
    messages: environment.database('messages', numbersKey),
    trimmed: environment.database('trimmed', numbersKey),
    positions: environment.database('positions', textKey),
  }
}

export function newPartitions(count: number): Partition[] {
  return Array.from({ length: count }, () => ({ start: 0, end: 0, last_ms: 0 }))
}

/** Reads every topic, and where its partitions begin and end, from the disk. */
export function loadTopics(databases: LogDatabases): Map<string, Topic> {
  const topics = new Map<string, Topic>()
  for (const { key: name, value } of databases.topics.getRange({ start: '\0' })) {
    const stored: StoredTopic = JSON.parse(value.toString())
    const held = newPartitions(stored.partitions).map((_, partition) =>
      loadPartition(databases, stored.number, partition),
    )
    topics.set(name, { name, ...stored, held })
  }
  return topics
}

/** Reads every committed position: by JSON of (group, topic), then by partition. */
export function loadPositions(databases: LogDatabases): Map<string, Map<number, number>> {
  const positions = new Map<string, Map<number, number>>()
  for (const { key, value } of databases.positions.getRange({ start: '[' })) {
    const [group, topic, partition] = JSON.parse(key)
    const place = JSON.stringify([group, topic])
    positions.set(place, (positions.get(place) ?? new Map()).set(partition, Number(value)))
  }
  return positions
}

/** The key of the last packed value of a partition that begins at `place` or before; null where there is none. */
export function lastKey({ messages }: LogDatabases, place: readonly [number, number, number]): number[] | null {
  // Without an end lmdb-js takes a key that only its own encoding knows.
  const [key] = messages.getKeys({ start: [...place], end: [0, 0, 0], reverse: true, limit: 1 })
  return key !== undefined && key[0] === place[0] && key[1] === place[1] ? key : null
}

function loadPartition(databases: LogDatabases, topic: number, partition: number): Partition {
  const { messages, trimmed } = databases
  const text = trimmed.getBinary([topic, partition])
  const before: TrimmedPartition = text === undefined ? { end: 0, last_ms: 0 } : JSON.parse(text.toString())
  const last = lastKey(databases, [topic, partition, Number.MAX_SAFE_INTEGER])
  if (last === null) return { start: before.end, ...before }
  const [first] = messages.getKeys({ start: [topic, partition, 0], limit: 1 })
  const { count, append_ms } = new PackedMessages(messages.getBinary(last)!)
  return { start: first![2]!, end: last[2]! + count, last_ms: append_ms }
}
