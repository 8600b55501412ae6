import { type LogAppend, MESSAGE_BYTES_MAX } from '../event-log.ts'

/** Most bytes of messages in one `append` call: it is one transaction, which is held in memory until it is on disk. */
export const APPEND_BYTES_MAX = 64 * 1024 * 1024

/** Most partitions of a topic: far more than one machine can use. */
export const PARTITIONS_MAX = 1_024

/** Longest name of a topic or consumer group, in bytes of its JSON: two of them and a number make a key of the store. */
export const NAME_BYTES_MAX = 512

/** Throws a RangeError for messages that a log cannot hold. Answers how many bytes they have. */
export function checkMessages(topic: string, messages: readonly LogAppend[]): number {
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    const length = messages[i]!.value.length
    if (length > MESSAGE_BYTES_MAX) {
      throw new RangeError(
        `message ${i} for topic ${topic} has ${length} bytes of at most ${MESSAGE_BYTES_MAX}: send a smaller event`,
      )
    }
    bytes += length
  }
  if (bytes > APPEND_BYTES_MAX) {
    throw new RangeError(
      `one append to topic ${topic} has ${bytes} bytes of at most ${APPEND_BYTES_MAX}: split it into several calls`,
    )
  }
  return bytes
}

/** Throws a RangeError for a name of a topic or a consumer group that a log cannot hold. */
export function checkName(what: 'topic' | 'group', name: string): void {
  if (name.length === 0 || Buffer.byteLength(JSON.stringify(name)) > NAME_BYTES_MAX) {
    throw new RangeError(`the ${what} name '${name.slice(0, 60)}' must have 1 to ${NAME_BYTES_MAX} bytes as JSON`)
  }
}

/** Throws a RangeError for a number of partitions that no topic can have. */
export function checkPartitions(topic: string, partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new RangeError(
      `topic ${topic} cannot have ${partitions} partitions: give a whole number, 1 to ${PARTITIONS_MAX}`,
    )
  }
}

/** Throws a RangeError for positions that nobody can have reached. */
export function checkPositions(group: string, topic: string, positions: ReadonlyMap<number, number>): void {
  for (const [partition, offset] of positions) {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(
        `${group} cannot commit offset ${offset} of ${topic}/${partition}: give a whole number of at least 0`,
      )
    }
  }
}
