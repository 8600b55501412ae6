import {
  type EventLog,
  type LogAppend,
  type LogBatch,
  OffsetOutOfRangeError,
  type PartitionRange,
  TopicReplacedError,
} from '../event-log.ts'
import { Arrivals } from './arrivals.ts'
import { checkMessages, checkName, checkPartitions, checkPositions } from './log-check.ts'
import { partitionOf } from './partition-hash.ts'

interface Partition {
  /** The offset of the first message that is kept. */
  start: number
  messages: { readonly value: Uint8Array; readonly append_ms: number }[]
  last_ms: number
}

/** A whole event log in memory, for tests: it keeps every law of {@link EventLog} but durability. */
export class MemoryEventLog implements EventLog {
  readonly #now: () => number
  readonly #topics = new Map<string, Partition[]>()
  readonly #positions = new Map<string, Map<number, number>>()
  readonly #arrivals = new Arrivals()
  /** By topic: how often it was made; null: nobody is told. */
  readonly #made: Map<string, number> | null
  #open = true

  /** `now` gives append times, in epoch milliseconds. `ids`: it tells topics of one name apart. */
  constructor({ now, ids = false }: { now: () => number; ids?: boolean }) {
    this.#now = now
    this.#made = ids ? new Map() : null
  }

  async ensureTopic(topic: string, partitions: number): Promise<number> {
    this.#check()
    checkName('topic', topic)
    checkPartitions(topic, partitions)
    let held = this.#topics.get(topic)
    if (held === undefined) {
      held = emptyPartitions(partitions)
      this.#topics.set(topic, held)
    }
    return held.length
  }

  async topics(): Promise<string[]> {
    this.#check()
    return [...this.#topics.keys()]
  }

  async identify(topic: string): Promise<string | null> {
    this.#partitions(topic)
    if (this.#made === null) return null
    return this.#idOf(topic)
  }

  /** Deletes a topic and makes it anew, with as many partitions. */
  replaceTopic(topic: string): void {
    const { length } = this.#partitions(topic)
    this.#topics.set(topic, emptyPartitions(length))
    this.#made?.set(topic, (this.#made.get(topic) ?? 1) + 1)
    for (const place of this.#positions.keys()) {
      if ((JSON.parse(place) as [string, string])[1] === topic) this.#positions.delete(place)
    }
  }

  async append(topic: string, messages: readonly LogAppend[]): Promise<{ partition: number; offset: number }[]> {
    const partitions = this.#partitions(topic)
    checkMessages(topic, messages)
    const now_ms = this.#now()
    const places = messages.map(({ key, value }) => {
      const number = partitionOf(key, partitions.length)
      const partition = partitions[number]!
      partition.last_ms = Math.max(partition.last_ms, now_ms)
      partition.messages.push({ value: Uint8Array.from(value), append_ms: partition.last_ms })
      return { partition: number, offset: endOf(partition) - 1 }
    })
    if (messages.length > 0) this.#arrivals.arrived(topic)
    return places
  }

  async read(
    topic: string,
    partition: number,
    offset: number,
    maxMessages: number,
    id: string | null = null,
  ): Promise<LogBatch> {
    const held = this.#partition(topic, partition)
    if (id !== null && id !== this.#idOf(topic)) {
      throw new TopicReplacedError(topic, `the topic ${topic} was deleted and made anew while it was read`)
    }
    const range = { start: held.start, end: endOf(held) }
    if (!(Number.isInteger(offset) && offset >= range.start && offset <= range.end)) {
      throw new OffsetOutOfRangeError(topic, partition, offset, range)
    }
    const messages = held.messages.slice(offset - held.start, offset - held.start + maxMessages)
    return {
      baseOffset: offset,
      values: messages.map(({ value }) => Uint8Array.from(value)),
      append_ms: messages.map(({ append_ms }) => append_ms),
      nextOffset: offset + messages.length,
    }
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    return this.#partitions(topic).map((held, partition) => ({ partition, start: held.start, end: endOf(held) }))
  }

  async wait(topic: string, timeout_ms: number): Promise<void> {
    this.#partitions(topic)
    await this.#arrivals.wait(topic, timeout_ms)
  }

  async assigned(group: string, topic: string): Promise<readonly number[]> {
    checkName('group', group)
    return this.#partitions(topic).map((_, partition) => partition)
  }

  async committed(group: string, topic: string): Promise<Map<number, number>> {
    this.#check()
    return new Map(this.#positions.get(JSON.stringify([group, topic])))
  }

  async commit(
    group: string,
    topic: string,
    positions: ReadonlyMap<number, number>,
    id: string | null = null,
  ): Promise<void> {
    checkName('group', group)
    checkPositions(group, topic, positions)
    for (const partition of positions.keys()) this.#partition(topic, partition)
    if (id !== null && id !== this.#idOf(topic)) return
    const place = JSON.stringify([group, topic])
    this.#positions.set(place, new Map([...(this.#positions.get(place) ?? []), ...positions]))
  }

  async removeGroup(group: string): Promise<boolean> {
    checkName('group', group)
    this.#check()
    for (const place of this.#positions.keys()) {
      if ((JSON.parse(place) as [string, string])[0] === group) this.#positions.delete(place)
    }
    return true
  }

  async trim(topic: string, partition: number, offset: number, before_ms: number): Promise<number> {
    const held = this.#partition(topic, partition)
    const { start, messages } = held
    let dropped = 0
    while (dropped < messages.length && start + dropped < offset && messages[dropped]!.append_ms < before_ms) dropped++
    held.messages = messages.slice(dropped)
    held.start += dropped
    return dropped
  }

  async close(): Promise<void> {
    this.#open = false
    this.#arrivals.end()
  }

  #idOf(topic: string): string {
    return `id-${this.#made?.get(topic) ?? 1}`
  }

  #check(): void {
    if (!this.#open) throw new Error('the event log is closed')
  }

  #partitions(topic: string): Partition[] {
    this.#check()
    const partitions = this.#topics.get(topic)
    if (partitions === undefined) throw new RangeError(`the log has no topic ${topic}: call ensureTopic() first`)
    return partitions
  }

  #partition(topic: string, partition: number): Partition {
    const partitions = this.#partitions(topic)
    const held = partitions[partition]
    if (held === undefined) {
      throw new RangeError(`topic ${topic} has no partition ${partition}: it has ${partitions.length}`)
    }
    return held
  }
}

function emptyPartitions(length: number): Partition[] {
  return Array.from({ length }, () => ({ start: 0, messages: [], last_ms: -Infinity }))
}

function endOf({ start, messages }: Partition): number {
  return start + messages.length
}
