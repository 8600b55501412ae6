import type { ClusterMetadata } from './cluster-metadata.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import type { GroupMember } from './group-member.ts'
import type { KafkaError } from './kafkajs-inside.ts'

/** Positions are sent together, so often at most: they only tell people and the trimmer; the store's marks are what counts. */
const SEND_MS = 500

/** The group has moved on: the positions are another member's to commit, or come again with the next batch. */
const FENCED: readonly (string | undefined)[] = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']

const TOPIC_ID = /^[0-9a-f]{32}$/

/** The next offset to read, and in which topic of the name; null: not known. */
interface Position {
  readonly offset: number
  readonly topicId: string | null
}

/** By topic, then by partition. */
type Positions = Map<string, Map<number, Position>>

/**
 * The positions of one consumer group in Kafka's own group offsets. Each is committed with the id of its topic, as Kafka keeps them by name:
 * one of a topic that was deleted is nobody's in the one that has its name now.
 */
export class CommittedPositions {
  readonly #group: string
  readonly #coordinator: GroupCoordinator
  readonly #member: () => GroupMember | undefined
  #pending: Positions = new Map()
  #sending: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #failure: unknown = null

  constructor(group: string, metadata: ClusterMetadata, member: () => GroupMember | undefined) {
    this.#group = group
    this.#coordinator = new GroupCoordinator(group, metadata, metadata.connections)
    this.#member = member
  }

  /** Notes positions, to be sent soon. Throws what the sending of earlier ones failed with. */
  commit(topic: string, positions: ReadonlyMap<number, number>, topicId: string | null): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
    this.#note(topic, new Map([...positions].map(([partition, offset]) => [partition, { offset, topicId }])))
    this.#timer ??= setTimeout(() => {
      this.send().catch((error: unknown) => {
        this.#failure = error
      })
    }, SEND_MS).unref()
  }

  /** What is committed of a topic, with what was noted here. */
  async read(topic: string, topicId: string | null): Promise<Map<number, number>> {
    await this.send()
    const { responses } = await this.#coordinator.retried((broker) =>
      broker.offsetFetch({ groupId: this.#group, topics: [] }),
    )
    const found = responses.find((response) => response.topic === topic)?.partitions ?? []
    // What was committed without an id says of no topic which it is.
    const isOther = (metadata: string | null) =>
      topicId !== null && metadata !== topicId && TOPIC_ID.test(metadata ?? '')
    return new Map(
      found
        .filter(({ metadata }) => !isOther(metadata))
        .map(({ partition, offset }) => [partition, Number(offset)] as const)
        .filter(([, offset]) => offset >= 0)
        .sort(([a], [b]) => a - b),
    )
  }

  /** Removes the group from Kafka. Answers false where it has members. */
  async removeGroup(): Promise<boolean> {
    await this.send()
    return this.#coordinator.retried(async (broker) => {
      const { results } = await broker.deleteGroups([this.#group])
      const error = results[0]?.error
      if (error?.type === 'NON_EMPTY_GROUP') return false
      if (error !== undefined && error.type !== 'GROUP_ID_NOT_FOUND') throw error
      return true
    })
  }

  /** Sends what was noted. */
  send(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#sending = this.#sending.catch(() => {}).then(() => this.#sendPending())
    return this.#sending
  }

  async #sendPending(): Promise<void> {
    const pending = this.#pending
    this.#pending = new Map()
    const member = this.#member()
    const topics = [...pending]
      .map(([topic, positions]) => ({
        topic,
        // What has gone to another member meanwhile would set that one's position back.
        partitions: [...positions]
          .filter(([partition]) => member === undefined || member.holds(topic, partition))
          .map(([partition, { offset, topicId }]) => ({ partition, offset: String(offset), metadata: topicId })),
      }))
      .filter(({ partitions }) => partitions.length > 0)
    if (topics.length === 0) return
    const identity = member?.identity ?? { memberId: '', groupGenerationId: -1 }
    try {
      await this.#coordinator.retried((broker) => broker.offsetCommit({ groupId: this.#group, ...identity, topics }))
    } catch (error) {
      if (member !== undefined && FENCED.includes((error as KafkaError).type)) return
      for (const [topic, positions] of pending) {
        this.#note(topic, new Map([...positions, ...(this.#pending.get(topic) ?? [])]))
      }
      throw error
    }
  }

  #note(topic: string, positions: ReadonlyMap<number, Position>): void {
    this.#pending.set(topic, new Map([...(this.#pending.get(topic) ?? []), ...positions]))
  }
}
