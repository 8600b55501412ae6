import type { SourceModel } from '../features/model.ts'
import { type EventLog, type LogAppend, MESSAGE_BYTES_MAX } from './event-log.ts'

/** An event in the log that its source's parser refuses: it is kept aside, never dropped in silence. */
export interface Quarantined {
  readonly source: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Null: the log has its bytes no longer. */
  readonly value: Uint8Array | null
  readonly reason: string
}

/** A message of a quarantine topic, JSON: where the event is, why it is there, and its bytes. */
export interface QuarantineMessage {
  readonly source: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
  readonly quarantined_ms: number
  /** The event as it came, where that is UTF-8; else `event_base64`. Neither: it is too long to be here twice, and stands in `topic` only. */
  readonly event?: string
  readonly event_base64?: string
}

/** There are few of them, and an order in which they came is worth more than to share them. */
const PARTITIONS = 1

const REASON_CHARACTERS_MAX = 2_000

/** Bytes of messages that are put there at once: the log takes no more than some times as many. */
const APPEND_BYTES = 16 * 1024 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The topic of a source's refused events. Of sources that share a topic, each has one of its own. */
export const quarantineTopic = ({ topic, name, where }: Pick<SourceModel, 'topic' | 'name' | 'where'>): string =>
  where === null ? `${topic}.quarantine` : `${topic}.quarantine.${name}`

/** The group under which `quarantine replay` commits how far it is. */
export const QUARANTINE_GROUP = 'millrace-quarantine'

/** How many refused events of a source nobody has replayed yet. */
export async function quarantinedEvents(log: EventLog, source: SourceModel): Promise<number> {
  const name = quarantineTopic(source)
  if (!(await log.topics()).includes(name)) return 0
  const replayed = await log.committed(QUARANTINE_GROUP, name)
  return (await log.ranges(name)).reduce(
    (sum, { partition, start, end }) => sum + end - Math.max(start, replayed.get(partition) ?? 0),
    0,
  )
}

/** Puts refused events into the quarantine topics of their own. */
export class Quarantine {
  readonly #log: EventLog
  readonly #now: () => number
  readonly #topics = new Set<string>()

  constructor(log: EventLog, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /** Takes events of one source. Resolves when they are durable. What is replayed comes again: its place tells that it is the same. */
  async add(source: SourceModel, events: readonly Quarantined[]): Promise<void> {
    if (events.length === 0) return
    const name = quarantineTopic(source)
    if (!this.#topics.has(name)) await this.#log.ensureTopic(name, PARTITIONS)
    this.#topics.add(name)
    let messages: LogAppend[] = []
    let bytes = 0
    for (const event of events) {
      const value = this.#message(event)
      if (bytes + value.length > APPEND_BYTES) {
        await this.#log.append(name, messages)
        messages = []
        bytes = 0
      }
      messages.push({ key: `${event.partition}/${event.offset}`, value })
      bytes += value.length
    }
    await this.#log.append(name, messages)
  }

  #message({ value, reason, ...place }: Quarantined): Uint8Array {
    const shown = reason.slice(0, REASON_CHARACTERS_MAX)
    const message: QuarantineMessage = { ...place, reason: shown, quarantined_ms: this.#now() }
    const fields = value === null ? {} : eventFields(value)
    const whole = encoder.encode(JSON.stringify({ ...message, ...fields }))
    return whole.length <= MESSAGE_BYTES_MAX ? whole : encoder.encode(JSON.stringify(message))
  }
}

/** The bytes of an event as they stand in a message. */
export function eventFields(value: Uint8Array): Pick<QuarantineMessage, 'event' | 'event_base64'> {
  try {
    return { event: decoder.decode(value) }
  } catch {
    return { event_base64: Buffer.from(value).toString('base64') }
  }
}

/** The bytes of the event; null where they stand in the event's own topic only. */
export function eventBytes({ event, event_base64 }: QuarantineMessage): Uint8Array | null {
  if (event !== undefined) return encoder.encode(event)
  return event_base64 === undefined ? null : Buffer.from(event_base64, 'base64')
}
