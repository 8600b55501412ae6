import {
  type EventLog,
  type LogAppend,
  type LogBatch,
  OffsetOutOfRangeError,
  type PartitionRange,
} from '../event-log.ts'
import { LmdbEnvironment } from '../lmdb/environment.ts'
import { AppendGroup, type PendingAppend } from './append-group.ts'
import { Arrivals } from './arrivals.ts'
import {
  type LogDatabases,
  lastKey,
  loadPositions,
  loadTopics,
  newPartitions,
  openLogDatabases,
  type Partition,
  type StoredTopic,
  type Topic,
  type TrimmedPartition,
} from './embedded-layout.ts'
import { checkMessages, checkName, checkPartitions, checkPositions } from './log-check.ts'
import { PackedMessages } from './packed-messages.ts'

/** Bytes of messages of concurrent calls that are joined into one transaction. */
const GROUP_BYTES_MAX = 16 * 1024 * 1024

/** Most bytes of messages that one read answers (and one message more), however long they are. */
const READ_BYTES_MAX = 16 * 1024 * 1024

/** Packed values that one transaction of a trim removes: others have their turn in between. */
const TRIM_VALUES = 256

/** Opens (or creates) the log in a folder; `now` gives append times, in epoch ms. Throws a StoreInUseError while another process has it. */
export async function openEmbeddedEventLog(folder: string, { now }: { now: () => number }): Promise<EmbeddedEventLog> {
  return new EmbeddedEventLog(await LmdbEnvironment.open(folder), now)
}

/**
 * The event log over LMDB, in one process. Messages of one partition that come in one call, or in calls at the same time, are one
 * value; so trimming drops whole values only, and may keep some messages longer than it must. Bytes that are given must not
 * change until the promise resolves.
 */
export class EmbeddedEventLog implements EventLog {
  readonly #environment: LmdbEnvironment
  readonly #now: () => number
  readonly #databases: LogDatabases
  readonly #arrivals = new Arrivals()
  #topics: Map<string, Topic>
  #positions: Map<string, Map<number, number>>
  #pending: PendingAppend[] = []
  /** A transaction failed: whether it is on the disk is not known, so what is in memory must be read again before the next. */
  #doubtful = false
  #open = true

  constructor(environment: LmdbEnvironment, now: () => number) {
    this.#environment = environment
    this.#now = now
    this.#databases = openLogDatabases(environment)
    this.#topics = loadTopics(this.#databases)
    this.#positions = loadPositions(this.#databases)
  }

  async ensureTopic(topic: string, partitions: number): Promise<number> {
    this.#check()
    checkName('topic', topic)
    checkPartitions(topic, partitions)
    return this.#job(async () => {
      const found = this.#topics.get(topic)
      if (found !== undefined) return found.partitions
      const stored: StoredTopic = { number: this.#topics.size + 1, partitions }
      const json = Buffer.from(JSON.stringify(stored))
      await this.#commit(() => this.#databases.topics.put(topic, json))
      this.#topics.set(topic, { name: topic, ...stored, held: newPartitions(partitions) })
      return partitions
    })
  }

  async topics(): Promise<string[]> {
    this.#check()
    return [...this.#topics.keys()]
  }

  /** No topic is ever deleted. */
  async identify(topic: string): Promise<null> {
    this.#topic(topic)
    return null
  }

  async append(topic: string, messages: readonly LogAppend[]): Promise<{ partition: number; offset: number }[]> {
    this.#topic(topic)
    const bytes = checkMessages(topic, messages)
    if (messages.length === 0) return []
    return new Promise((resolve, reject) => {
      this.#pending.push({ topic, messages, bytes, resolve, reject })
      // While one group of calls is being written the next one gathers.
      if (this.#pending.length === 1) this.#writePending()
    })
  }

  async read(topic: string, partition: number, offset: number, maxMessages: number): Promise<LogBatch> {
    const { number } = this.#topic(topic)
    const { start, end } = this.#partition(topic, partition)
    const values: Uint8Array[] = []
    const append_ms: number[] = []
    if (!(Number.isInteger(offset) && offset >= start && offset <= end)) {
      throw new OffsetOutOfRangeError(topic, partition, offset, { start, end })
    }
    const max = Math.min(maxMessages, end - offset)
    let bytes = 0
    if (max > 0) {
      for (const { key, value } of this.#databases.messages.getRange({
        start: this.#place(number, partition, offset),
      })) {
        const next = offset + values.length
        if (key[0] !== number || key[1] !== partition || key[2]! > next) break
        const packed = new PackedMessages(value)
        bytes += packed.read(next - key[2]!, values, max, READ_BYTES_MAX - bytes)
        while (append_ms.length < values.length) append_ms.push(packed.append_ms)
        if (values.length >= max || bytes >= READ_BYTES_MAX) break
      }
      // What was there has just been trimmed.
      if (values.length === 0) throw new OffsetOutOfRangeError(topic, partition, offset, { start, end })
    }
    return { baseOffset: offset, values, append_ms, nextOffset: offset + values.length }
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    return this.#topic(topic).held.map(({ start, end }, partition) => ({ partition, start, end }))
  }

  async wait(topic: string, timeout_ms: number): Promise<void> {
    this.#topic(topic)
    await this.#arrivals.wait(topic, timeout_ms)
  }

  async assigned(group: string, topic: string): Promise<readonly number[]> {
    checkName('group', group)
    return this.#topic(topic).held.map((_, partition) => partition)
  }

  async committed(group: string, topic: string): Promise<Map<number, number>> {
    this.#check()
    return new Map(this.#positions.get(JSON.stringify([group, topic])))
  }

  async commit(group: string, topic: string, positions: ReadonlyMap<number, number>): Promise<void> {
    checkName('group', group)
    checkPositions(group, topic, positions)
    for (const partition of positions.keys()) this.#partition(topic, partition)
    await this.#job(async () => {
      await this.#commit(() => {
        for (const [partition, offset] of positions) {
          this.#databases.positions.put(JSON.stringify([group, topic, partition]), Buffer.from(String(offset)))
        }
      })
      const place = JSON.stringify([group, topic])
      this.#positions.set(place, new Map([...(this.#positions.get(place) ?? []), ...positions]))
    })
  }

  async removeGroup(group: string): Promise<boolean> {
    checkName('group', group)
    this.#check()
    await this.#job(async () => {
      const places = [...this.#positions.keys()].filter((place) => (JSON.parse(place) as [string])[0] === group)
      await this.#commit(() => {
        for (const place of places) {
          const [, topic] = JSON.parse(place) as [string, string]
          for (const partition of this.#positions.get(place)!.keys()) {
            this.#databases.positions.remove(JSON.stringify([group, topic, partition]))
          }
        }
      })
      for (const place of places) this.#positions.delete(place)
    })
    return true
  }

  async trim(topic: string, partition: number, offset: number, before_ms: number): Promise<number> {
    this.#partition(topic, partition)
    let dropped = 0
    for (;;) {
      const step = await this.#job(() => this.#trimStep(topic, partition, offset, before_ms))
      dropped += step.messages
      if (step.values < TRIM_VALUES) return dropped
    }
  }

  async close(): Promise<void> {
    this.#open = false
    this.#arrivals.end()
    await this.#environment.close()
  }

  #check(): void {
    if (!this.#open) throw new Error(`the event log in ${this.#environment.folder} is closed`)
  }

  #topic(topic: string): Topic {
    this.#check()
    const found = this.#topics.get(topic)
    if (found === undefined) throw new RangeError(`the log has no topic ${topic}: call ensureTopic() first`)
    return found
  }

  #partition(topic: string, partition: number): Partition {
    const { held } = this.#topic(topic)
    const found = held[partition]
    if (found === undefined) throw new RangeError(`topic ${topic} has no partition ${partition}: it has ${held.length}`)
    return found
  }

  /** The key of the packed value that holds an offset, or of where it would be. */
  #place(topic: number, partition: number, offset: number): number[] {
    return lastKey(this.#databases, [topic, partition, offset]) ?? [topic, partition, offset]
  }

  /** Runs what changes the log, after all that came before. */
  #job<T>(job: () => Promise<T>): Promise<T> {
    return this.#environment.exclusive(async () => {
      if (this.#doubtful) {
        this.#topics = loadTopics(this.#databases)
        this.#positions = loadPositions(this.#databases)
        this.#doubtful = false
      }
      return job()
    })
  }

  async #commit(write: () => void): Promise<void> {
    try {
      await this.#environment.commit(write)
    } catch (error) {
      this.#doubtful = true
      throw error
    }
  }

  #writePending(): void {
    this.#job(() => this.#writeGroup()).catch((error) => {
      for (const { reject } of this.#pending.splice(0)) reject(error)
    })
  }

  /** Writes the calls that have gathered as one transaction. */
  async #writeGroup(): Promise<void> {
    const group = new AppendGroup(this.#topics, this.#now())
    while (this.#pending.length > 0 && group.bytes < GROUP_BYTES_MAX) group.add(this.#pending.shift()!)
    if (this.#pending.length > 0) this.#writePending()
    try {
      const values = group.values()
      await this.#commit(() => {
        for (const { key, value } of values) this.#databases.messages.put(key, value)
      })
      group.done()
      for (const topic of group.topics) this.#arrivals.arrived(topic)
    } catch (error) {
      group.fail(error)
    }
  }

  async #trimStep(
    topic: string,
    partition: number,
    offset: number,
    before_ms: number,
  ): Promise<{ values: number; messages: number }> {
    const { messages, trimmed } = this.#databases
    const { number } = this.#topic(topic)
    const held = this.#partition(topic, partition)
    const dropped: number[][] = []
    let start = held.start
    const keys = [...messages.getKeys({ start: [number, partition, held.start], limit: TRIM_VALUES })]
    for (const key of keys) {
      if (key[0] !== number || key[1] !== partition) break
      const { count, append_ms } = new PackedMessages(messages.getBinaryFast(key)!)
      if (key[2]! + count > offset || append_ms >= before_ms) break
      dropped.push(key)
      start = key[2]! + count
    }
    if (dropped.length === 0) return { values: 0, messages: 0 }
    const kept: TrimmedPartition = { end: held.end, last_ms: held.last_ms }
    const json = Buffer.from(JSON.stringify(kept))
    await this.#commit(() => {
      for (const key of dropped) messages.remove(key)
      trimmed.put([number, partition], json)
    })
    const count = start - held.start
    held.start = start
    return { values: dropped.length, messages: count }
  }
}
