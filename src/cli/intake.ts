import type { Model, ParsedEvent, SourceModel } from '../features/model.ts'
import type { EventLog } from '../stores/event-log.ts'
import { keyOf } from '../stores/timeline-writer.ts'

const encoder = new TextEncoder()

export interface IntakeEvent {
  readonly parsed: ParsedEvent
  /** The event as it came, JSON. */
  readonly raw: Uint8Array | string
}

/** Puts valid events into the log; resolves when they are durable. Events of one entity, the source's first, stay in order. */
export function makeIntake(
  log: EventLog,
  model: Model,
): (source: SourceModel, events: readonly IntakeEvent[]) => Promise<void> {
  const first = new Map(
    [...model.sources.values()].map((source) => [
      source.name,
      // By what events bring: nothing is computed for who only takes them in.
      [...model.timelines.values()].find(
        (timeline) => timeline.source === source && timeline.key.every((column) => column < source.raw.length),
      ),
    ]),
  )
  return async (source, events) => {
    if (events.length === 0) return
    const timeline = first.get(source.name)
    await log.append(
      source.topic,
      events.map(({ parsed, raw }) => ({
        key: (timeline === undefined ? null : keyOf(timeline, parsed)) ?? parsed.id,
        value: typeof raw === 'string' ? encoder.encode(raw) : raw,
      })),
    )
  }
}
