/** Longest message. An event is a few hundred bytes; more is a mistake, and would hold up everybody behind it. */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** A message to append. */
export interface LogAppend {
  /** Chooses the partition: messages of one key stay in order. */
  readonly key: string
  /** One event, as JSON in UTF-8. */
  readonly value: Uint8Array
}

/** Messages `baseOffset`, `baseOffset + 1`, ... of one partition; `baseOffset` is past the offset asked for where that holds no message. */
export interface LogBatch {
  readonly baseOffset: number
  readonly values: readonly Uint8Array[]
  /** The log's append time of each message, in epoch milliseconds, never falling within a partition. */
  readonly append_ms: readonly number[]
  /** The offset to read next. What lies between the last message and it (the end of a transaction, say) holds no message. */
  readonly nextOffset: number
  /** There is more at hand behind a hole in the offsets, which one batch cannot hold: it is worth reading on at once. */
  readonly more?: boolean
  /** Without messages: all that was appended before this instant is below `nextOffset`. Left out where that is the time of the call. */
  readonly asOf_ms?: number
}

export interface PartitionRange {
  readonly partition: number
  /** The earliest offset that the log still has. */
  readonly start: number
  /** The offset that the next message will get. */
  readonly end: number
}

/** A read before the earliest message that is kept: what lay between is gone, which is a gap (L12), never skipped. */
export class OffsetOutOfRangeError extends Error {
  override readonly name = 'OffsetOutOfRangeError'
  readonly code = 'OFFSET_OUT_OF_RANGE'
  readonly start: number
  readonly end: number
  constructor(topic: string, partition: number, offset: number, range: { start: number; end: number }) {
    super(`${topic}/${partition} has no offset ${offset}: it holds ${range.start} to ${range.end}`)
    this.start = range.start
    this.end = range.end
  }
}

/**
 * There is another topic of the name, or the topic ends before an offset that it had: it was deleted and made anew, or it was cut off. Its
 * offsets mean other messages than they did, so nobody goes on from them.
 */
export class TopicReplacedError extends Error {
  override readonly name = 'TopicReplacedError'
  readonly code = 'TOPIC_REPLACED'
  readonly topic: string
  constructor(topic: string, message: string) {
    super(message)
    this.topic = topic
  }
}

/** What to do about a topic that was replaced. */
export const renewCure = (topic: string): string =>
  `see that no event of the one before is lost, then call millrace renew ${topic}`

/** Of a log that ends before what was read of it. `done`: `counted`, `archived`. */
export function cutOff(topic: string, partition: number, position: number, end: number, done: string) {
  return new TopicReplacedError(
    topic,
    `${topic}/${partition} ends at offset ${end}, and was ${done} up to offset ${position}: it was deleted and made anew, or cut off; ` +
      renewCure(topic),
  )
}

/**
 * An append-only log in partitions. When `append` resolves, its messages survive a kill -9. Offsets of a partition are never used
 * twice, and have no holes but where the log notes something of its own.
 */
export interface EventLog {
  /** Creates the topic with this many partitions where it is not there; an existing one keeps its own. Answers its partitions. */
  ensureTopic(topic: string, partitions: number): Promise<number>
  topics(): Promise<string[]>
  /** Which topic of this name it is, for a log that tells topics apart that were deleted and made anew; null where it cannot. */
  identify(topic: string): Promise<string | null>
  /** Answers the partition and offset of each message, in the order given. */
  append(topic: string, messages: readonly LogAppend[]): Promise<{ partition: number; offset: number }[]>
  /**
   * Up to about `maxMessages` messages from `offset` on; empty at the end. Throws {@link OffsetOutOfRangeError} for an
   * offset below the earliest kept or above the end, and a {@link TopicReplacedError} where the topic is not `id`, as {@link identify} answered
   * (null: whichever has the name).
   */
  read(topic: string, partition: number, offset: number, maxMessages: number, id?: string | null): Promise<LogBatch>
  ranges(topic: string): Promise<PartitionRange[]>
  /**
   * Resolves when something was appended to the topic after the call, or after `timeout_ms`; also when the partitions to read
   * may have changed. What another process appends may be noticed only in partitions that were read to their end.
   */
  wait(topic: string, timeout_ms: number): Promise<void>
  /**
   * The partitions that this process is to read for a group, in ascending order; they may change at any time. A log of one
   * process gives all; a log that processes share gives each partition to one of those that ask, and takes it from one that is
   * silent for too long. Nothing depends on it but the work's division: two that read one partition do no harm.
   */
  assigned(group: string, topic: string): Promise<readonly number[]>
  /**
   * The positions that a consumer committed: the next offset to read, by partition. Those of another topic of the name than there is are none:
   * of which a position is, its `id` says.
   */
  committed(group: string, topic: string): Promise<Map<number, number>>
  commit(group: string, topic: string, positions: ReadonlyMap<number, number>, id?: string | null): Promise<void>
  /**
   * Forgets the positions of a group, and the group. Answers false, changing nothing, where the log sees somebody at work in it; true
   * where there is no such group.
   */
  removeGroup(group: string): Promise<boolean>
  /** Drops messages below `offset` that were appended before `before_ms`. Answers how many. */
  trim(topic: string, partition: number, offset: number, before_ms: number): Promise<number>
  close(): Promise<void>
}
