import type { Model, SourceModel } from '../features/model.ts'
import { type EventLog, OffsetOutOfRangeError } from '../stores/event-log.ts'
import {
  eventBytes,
  eventFields,
  QUARANTINE_GROUP,
  Quarantine,
  type Quarantined,
  type QuarantineMessage,
  quarantineTopic,
} from '../stores/quarantine.ts'
import { type IntakeEvent, makeIntake } from './intake.ts'
import { streamedSources } from './stream-group.ts'

/** Messages read at once: each may be a megabyte. */
const READ_MESSAGES = 50

/** How long a log that has nothing at hand is waited for at a time. */
const WAIT_MS = 200

/** An event of the quarantine, as it is told. */
export interface QuarantinedEvent extends QuarantineMessage {
  /** A replay has taken it up already; it is shown where all are asked for. */
  readonly replayed: boolean
}

export interface ReplayOutcome {
  readonly source: string
  /** Events that are valid by the present definitions, and are in their topic again. */
  readonly accepted: number
  /** Those that stay in the quarantine. */
  readonly refused: number
  /** Why, the first few: each with its place. */
  readonly refusals: readonly { readonly partition: number; readonly offset: number; readonly reason: string }[]
}

const REFUSALS_TOLD_MAX = 20

interface Held {
  readonly partition: number
  readonly offset: number
  readonly message: QuarantineMessage
}

/** What lies in the quarantine topics, and what can be done about it. */
export class QuarantineDesk {
  readonly #model: Model
  readonly #log: EventLog
  readonly #now: () => number

  constructor(model: Model, log: EventLog, now: () => number) {
    this.#model = model
    this.#log = log
    this.#now = now
  }

  /**
   * The events of a source, or of all, each place once, as it came last; in the order in which they came. Only those that nobody has replayed
   * yet, or `all`.
   */
  async *list(source: SourceModel | null, all: boolean): AsyncGenerator<QuarantinedEvent> {
    for (const one of source === null ? streamedSources(this.#model) : [source]) {
      const ranges = await this.#ranges(one)
      /** By place: where in the quarantine its last copy is. */
      const last = new Map<string, string>()
      for (const { partition, start, from, end } of ranges) {
        for await (const held of this.#read(one, partition, all ? start : from, end)) {
          last.set(placeOf(held.message), `${held.partition}/${held.offset}`)
        }
      }
      for (const { partition, start, from, end } of ranges) {
        for await (const { offset, message } of this.#read(one, partition, all ? start : from, end)) {
          if (last.get(placeOf(message)) !== `${partition}/${offset}`) continue
          yield { ...message, replayed: offset < from }
        }
      }
    }
  }

  /** The event with its bytes, also where it is too long to be in the quarantine, and is still in its own topic. */
  async whole(event: QuarantinedEvent): Promise<QuarantinedEvent> {
    if (eventBytes(event) !== null) return event
    const bytes = await this.#original(event)
    return bytes === null ? event : { ...event, ...eventFields(bytes) }
  }

  /**
   * Parses each event that nobody has replayed by the present definitions. Valid ones go to their topic again, others to the end of the
   * quarantine with their new reason; both are durable before the position moves past them, so that a kill loses nothing, and what is
   * replayed twice counts once.
   */
  async replay(source: SourceModel): Promise<ReplayOutcome> {
    const intake = makeIntake(this.#log, this.#model)
    // A message of which nobody could say what it is was kept aside under the first: its topic is theirs all the same.
    const others = streamedSources(this.#model).filter(
      ({ topic, name }) => topic === source.topic && name !== source.name,
    )
    const sharing = [source, ...others]
    const quarantine = new Quarantine(this.#log, this.#now)
    const seen = new Set<string>()
    const refusals: { partition: number; offset: number; reason: string }[] = []
    let accepted = 0
    let refused = 0
    for (const { partition, from, end } of await this.#ranges(source)) {
      for await (const batch of this.#batches(source, partition, from, end)) {
        const valid: Judged[] = []
        const invalid: Quarantined[] = []
        for (const { message } of batch.held) {
          if (seen.has(placeOf(message))) continue
          seen.add(placeOf(message))
          const bytes = eventBytes(message) ?? (await this.#original(message))
          const judged = bytes === null ? 'the log has its bytes no longer' : judge(sharing, bytes)
          if (typeof judged !== 'string') valid.push(judged)
          else {
            const place = { topic: message.topic, partition: message.partition, offset: message.offset }
            invalid.push({ source: source.name, ...place, value: bytes, reason: judged })
            if (refusals.length < REFUSALS_TOLD_MAX) refusals.push({ ...place, reason: judged })
          }
        }
        for (const one of sharing) {
          await intake(
            one,
            valid.filter((judged) => judged.source === one),
          )
        }
        await quarantine.add(source, invalid)
        await this.#log.commit(QUARANTINE_GROUP, quarantineTopic(source), new Map([[partition, batch.next]]))
        accepted += valid.length
        refused += invalid.length
      }
    }
    const told = refusals.map(({ partition, offset, reason }) => ({ partition, offset, reason }))
    return { source: source.name, accepted, refused, refusals: told }
  }

  /** `from`: the first that nobody has replayed. Empty where nothing was ever refused. */
  async #ranges(source: SourceModel): Promise<{ partition: number; start: number; from: number; end: number }[]> {
    const name = quarantineTopic(source)
    if (!(await this.#log.topics()).includes(name)) return []
    const replayed = await this.#log.committed(QUARANTINE_GROUP, name)
    return (await this.#log.ranges(name)).map(({ partition, start, end }) => {
      return { partition, start, from: Math.min(end, Math.max(start, replayed.get(partition) ?? 0)), end }
    })
  }

  async *#read(source: SourceModel, partition: number, from: number, end: number): AsyncGenerator<Held> {
    for await (const { held } of this.#batches(source, partition, from, end)) yield* held
  }

  /** What lies between two offsets of the quarantine. `next`: the offset behind a batch. */
  async *#batches(
    source: SourceModel,
    partition: number,
    from: number,
    end: number,
  ): AsyncGenerator<{ readonly held: readonly Held[]; readonly next: number }> {
    const name = quarantineTopic(source)
    for (let at = from; at < end; ) {
      const { baseOffset, values, nextOffset } = await this.#log.read(name, partition, at, READ_MESSAGES)
      if (nextOffset === at) await this.#log.wait(name, WAIT_MS)
      else {
        const held: Held[] = []
        for (const [i, value] of values.entries()) {
          const message = messageOf(value)
          // What came since is another run's.
          if (message !== null && baseOffset + i < end) held.push({ partition, offset: baseOffset + i, message })
        }
        yield { held, next: Math.min(nextOffset, end) }
      }
      at = nextOffset
    }
  }

  /** The bytes of an event from its own topic: it is too long to be in the quarantine, too. Null where they are gone. */
  async #original({ topic, partition, offset }: QuarantineMessage): Promise<Uint8Array | null> {
    try {
      const { end } = (await this.#log.ranges(topic)).find((range) => range.partition === partition) ?? { end: 0 }
      while (offset < end) {
        const { baseOffset, values, nextOffset } = await this.#log.read(topic, partition, offset, 1)
        if (values.length > 0) return baseOffset === offset ? values[0]! : null
        if (nextOffset > offset) return null
        await this.#log.wait(topic, WAIT_MS)
      }
      return null
    } catch (error) {
      if (error instanceof OffsetOutOfRangeError || error instanceof RangeError) return null
      throw error
    }
  }
}

/** An event, and whose it is. */
interface Judged extends IntakeEvent {
  readonly source: SourceModel
}

/** The event as the stream takes it, for the first of these sources to which it is one; or why the very first refuses it. */
function judge(sources: readonly SourceModel[], raw: Uint8Array): Judged | string {
  let refusal: string | null = null
  for (const source of sources) {
    try {
      return { source, parsed: source.rawMessages.readSent(raw)[0], raw }
    } catch (error) {
      refusal ??= error instanceof Error ? error.message : String(error)
    }
  }
  return refusal!
}

const placeOf = ({ topic, partition, offset }: QuarantineMessage): string => `${partition}/${offset}/${topic}`

/** Null for what somebody else has put there: it is none of ours. */
function messageOf(value: Uint8Array): QuarantineMessage | null {
  try {
    const message = JSON.parse(Buffer.from(value).toString()) as QuarantineMessage | null
    return typeof message?.topic === 'string' && Number.isSafeInteger(message.offset) ? message : null
  } catch {
    return null
  }
}
