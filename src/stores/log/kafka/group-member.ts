import type { BrokerConnections } from './broker-connections.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { type Assignment, decodeAssignment, decodeMember, encodeAssignment, encodeMember } from './group-protocol.ts'
import { RETRY_MS } from './kafka-options.ts'
import type { KafkaError } from './kafkajs-inside.ts'
import { isRetriable } from './retried.ts'
import { assign } from './sticky-assignment.ts'

/** Heartbeats within a session: some may be lost. They also tell of a rebalance. */
const HEARTBEATS = 10

const PAUSE_MS_MIN = 50
const PAUSE_MS_MAX = 1_000

/** How long the topics of streams that start one after another are gathered before the group is joined. */
const GATHER_MS = 20

/** The name of our way to share partitions: all members of a group use it. */
const PROTOCOL = 'millrace-sticky'

export interface GroupMemberOptions {
  readonly group: string
  readonly metadata: ClusterMetadata
  /** Its own: the answer to a join is held back until all have joined, and all that is behind it waits. */
  readonly connections: BrokerConnections
  readonly session_ms: number
  /** The partitions of a topic may have changed. */
  readonly onChange: (topic: string) => void
}

/**
 * This process as a member of a consumer group: which partitions it should read. During a rebalance it goes on reading what it had,
 * as nothing that is written twice counts twice: so a rebalance stops nobody.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #coordinator: GroupCoordinator
  readonly #topics = new Set<string>()
  /** Calls that wait for a first assignment. */
  readonly #waiting = new Set<{ resolve(): void; reject(error: unknown): void }>()
  #assigned: Assignment = new Map()
  #memberId = ''
  #generation = -1
  /** Only the leader's: how many partitions it has shared out, by topic. */
  #shared: ReadonlyMap<string, number> = new Map()
  #rejoin = true
  #open = true
  #wake = () => {}
  #running: Promise<void> | null = null

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#coordinator = new GroupCoordinator(options.group, options.metadata, options.connections)
  }

  /** How the broker knows this member: what a commit has to say. */
  get identity(): { readonly memberId: string; readonly groupGenerationId: number } {
    return { memberId: this.#memberId, groupGenerationId: this.#generation }
  }

  /** The partitions of a topic to read now; joins the group, or joins again for one topic more, where that is new. */
  async assigned(topic: string): Promise<readonly number[]> {
    if (!this.#topics.has(topic)) {
      this.#topics.add(topic)
      this.#rejoin = true
      this.#wake()
    }
    this.#running ??= this.#run()
    for (;;) {
      const own = this.#assigned.get(topic)
      if (own !== undefined) return own
      if (!this.#open) throw new Error('the event log is closed')
      await new Promise<void>((resolve, reject) => this.#waiting.add({ resolve, reject }))
    }
  }

  /** Whether a partition is this member's to commit. */
  holds(topic: string, partition: number): boolean {
    return this.#assigned.get(topic)?.includes(partition) ?? false
  }

  /** Leaves the group, so that others take over at once. */
  async close(): Promise<void> {
    this.#open = false
    this.#settle(new Error('the event log is closed'))
    this.#wake()
    const { memberId } = this.identity
    const { group, connections } = this.#options
    if (memberId !== '') {
      // Also ends a join that is under way.
      await this.#coordinator
        .broker()
        .then((broker) => broker.leaveGroup({ groupId: group, memberId }))
        .catch(() => {})
    }
    await connections.close()
    await this.#running
  }

  async #run(): Promise<void> {
    let pause_ms = PAUSE_MS_MIN
    let well_ms = performance.now()
    await this.#sleep(GATHER_MS)
    while (this.#open) {
      try {
        if (this.#rejoin) await this.#join()
        else await this.#heartbeat()
        pause_ms = PAUSE_MS_MIN
        well_ms = performance.now()
        if (!this.#rejoin) await this.#sleep(this.#options.session_ms / HEARTBEATS)
        if (this.#open && (await this.#grown())) this.#rejoin = true
      } catch (error) {
        // A coordinator that moves, or that a new cluster has yet to make, is worth a little patience.
        await this.#failed(error as KafkaError, performance.now() - well_ms > RETRY_MS)
        await this.#sleep(pause_ms)
        pause_ms = Math.min(2 * pause_ms, PAUSE_MS_MAX)
      }
    }
  }

  async #join(): Promise<void> {
    const { group, session_ms, onChange } = this.#options
    this.#rejoin = false
    const topics = [...this.#topics]
    try {
      const broker = await this.#coordinator.broker()
      const joined = await broker.joinGroup({
        groupId: group,
        sessionTimeout: session_ms,
        rebalanceTimeout: session_ms,
        memberId: this.#memberId,
        groupProtocols: [{ name: PROTOCOL, metadata: encodeMember({ topics, owned: this.#assigned }) }],
      })
      const { memberId, generationId } = joined
      this.#memberId = memberId
      this.#generation = generationId
      const leads = joined.leaderId === memberId
      this.#shared = new Map()
      const groupAssignment = leads ? await this.#share(joined.members) : []
      const { memberAssignment } = await broker.syncGroup({ groupId: group, generationId, memberId, groupAssignment })
      const before = this.#assigned
      this.#assigned = decodeAssignment(memberAssignment)
      this.#settle(null)
      for (const topic of new Set([...before.keys(), ...this.#assigned.keys()])) onChange(topic)
    } catch (error) {
      this.#rejoin = true
      throw error
    }
  }

  /** As the leader: shares the partitions of all topics out. */
  async #share(members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]) {
    const infos = members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata))
    const counts = new Map<string, number>()
    for (const topic of new Set(infos.flatMap(({ topics }) => topics))) counts.set(topic, await this.#count(topic))
    this.#shared = counts
    return [...assign(infos, counts)].map(([memberId, own]) => ({ memberId, memberAssignment: encodeAssignment(own) }))
  }

  /** The leader watches the topics: for new partitions the group joins again. */
  async #grown(): Promise<boolean> {
    for (const [topic, count] of this.#shared) if ((await this.#count(topic)) !== count) return true
    return false
  }

  /** A topic that is gone has no partitions to share. */
  async #count(topic: string): Promise<number> {
    try {
      return await this.#options.metadata.partitions(topic)
    } catch (error) {
      if (error instanceof RangeError) return 0
      throw error
    }
  }

  async #heartbeat(): Promise<void> {
    const broker = await this.#coordinator.broker()
    await broker.heartbeat({ groupId: this.#options.group, ...this.identity })
  }

  async #failed(error: KafkaError, forLong: boolean): Promise<void> {
    if (error.type === 'REBALANCE_IN_PROGRESS') this.#rejoin = true
    else if (error.type === 'UNKNOWN_MEMBER_ID' || error.type === 'ILLEGAL_GENERATION') {
      // The others have shared out what was ours.
      if (error.type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
      this.#generation = -1
      this.#rejoin = true
      const topics = [...this.#assigned.keys()]
      this.#assigned = new Map(topics.map((topic) => [topic, []]))
      for (const topic of topics) this.#options.onChange(topic)
    } else {
      if (forLong || !isRetriable(error)) this.#settle(this.#told(error))
      await this.#coordinator.lost()
    }
  }

  /** Says what to do where it is in the user's hands. */
  #told(error: KafkaError): Error {
    const { group, session_ms } = this.#options
    if (error.type === 'INVALID_SESSION_TIMEOUT') {
      const limits = 'group.min.session.timeout.ms and group.max.session.timeout.ms, 6 s and 30 min by default'
      const message = `the brokers take no session (kafka.session) of ${session_ms} ms: give one between their ${limits}`
      return new Error(message, { cause: error })
    }
    return new Error(`the group ${group} cannot be joined: ${error.message}`, { cause: error })
  }

  /** Tells those who wait for an assignment that there is one, or why there is none. */
  #settle(error: unknown): void {
    for (const { resolve, reject } of this.#waiting) error === null ? resolve() : reject(error)
    this.#waiting.clear()
  }

  #sleep(ms: number): Promise<void> {
    if (!this.#open) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
