import { type EventLog, renewCure, TopicReplacedError } from './event-log.ts'
import type { OnlineStore } from './online-store.ts'
import { readTimelines, uncover, updateDocument } from './timeline-registry.ts'

/** Which topic of a name the marks and positions of this store are of. Document `topic/<topic>`. */
interface KnownTopic {
  readonly id: string
}

const name = (topic: string) => `topic/${topic}`

/** What people are told of timelines of a topic that was replaced. */
const replacedReason = (topic: string): string => `${topic} was deleted and made anew: ${renewCure(topic)}`

export async function knownTopic(store: OnlineStore, topic: string): Promise<string | null> {
  return ((await store.document(name(topic)))?.value as KnownTopic | undefined)?.id ?? null
}

/** From now on what is marked is of this topic of the name. */
export async function noteTopic(store: OnlineStore, topic: string, id: string): Promise<void> {
  await updateDocument<KnownTopic>(store, name(topic), (found) => (found?.id === id ? found : { id }))
}

/**
 * Looks whether the log's topic is the one that is marked as counted, and answers its id as the log tells it. Where it is another,
 * whatever came into the one before and was not counted may be lost: the timelines are incomplete then, and this throws a
 * TopicReplacedError, until somebody renews the topic.
 */
export async function checkTopic(store: OnlineStore, log: EventLog, topic: string): Promise<string | null> {
  const id = await log.identify(topic)
  if (id !== null) await updateDocument<KnownTopic>(store, name(topic), (known) => known ?? { id })
  const replaced = await replacedTopic(store, log, topic)
  if (replaced === null) return id
  await uncoverTopic(store, topic)
  throw new TopicReplacedError(topic, replaced)
}

/** Why the log's topic is not the one that is marked as counted, with the offsets of both; null: it is, or nobody knows yet. */
export async function replacedTopic(store: OnlineStore, log: EventLog, topic: string): Promise<string | null> {
  const id = await log.identify(topic)
  const known = await knownTopic(store, topic)
  if (id === null || known === null || known === id) return null
  const marks = await store.marks()
  const ranges = await log.ranges(topic)
  const highest = new Map<number, number>()
  for (const mark of marks) {
    if (mark.topic === topic) highest.set(mark.partition, Math.max(mark.offset, highest.get(mark.partition) ?? 0))
  }
  const places = [...highest]
    .sort(([a], [b]) => a - b)
    .map(([partition, offset]) => {
      const range = ranges.find((one) => one.partition === partition)
      const now = range === undefined ? 'and is not there now' : `and has ${range.start} to ${range.end} now`
      return `partition ${partition} was counted up to offset ${offset}, ${now}`
    })
  return `${topic} was deleted and made anew (${[...places, `its id was ${known}, and is ${id}`].join('; ')}): ${renewCure(topic)}`
}

/** Makes all timelines of a topic that was replaced incomplete, whoever defined them. */
export async function uncoverTopic(store: OnlineStore, topic: string, reason = replacedReason(topic)): Promise<void> {
  for (const { fingerprint, handover, coverage } of (await readTimelines(store)).values()) {
    if (handover.topic !== topic || (coverage.since_ms === null && coverage.reason === reason)) continue
    await uncover(store, fingerprint, reason)
  }
}
