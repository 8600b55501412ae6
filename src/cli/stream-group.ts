import type { Model } from '../features/model.ts'
import type { EventLog } from '../stores/event-log.ts'
import { type Mark, MarkMovedError, type OnlineStore } from '../stores/online-store.ts'

/** The group that writes now, and where it took over from the one before. Document `writer`. */
interface Writer {
  readonly group: string
  /** By topic and partition. */
  readonly positions: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export interface StreamGroup {
  readonly name: string
  /** By topic: the offset that each partition is carried on from. */
  positions(topic: string): Readonly<Record<string, number>>
}

/** How often a mark that others set at the same time is looked at again. */
const TRIES_MAX = 20

/**
 * Enters the group of what is written now (L13). A group that takes over goes on where the one before is, so that a change of
 * definitions neither skips nor replays anything; where nobody has been yet, at the earliest message that the log has. Every
 * partition is marked before this resolves, so that what the log loses from here on is seen as a gap.
 *
 * Several processes may enter at once: one of them takes over, and all go by what it found.
 */
export async function enterGroup(store: OnlineStore, log: EventLog, model: Model, hash: string): Promise<StreamGroup> {
  const name = `millrace-${hash}`
  const { writer, takenOver } = await takeOver(store, log, model, name)
  const entered = new Map<string, Record<string, number>>()
  for (const source of model.sources.values()) {
    if (!source.streamed) continue
    const here: Record<string, number> = {}
    entered.set(source.topic, here)
    for (const { partition, start } of await log.ranges(source.topic)) {
      const from = writer.positions[source.topic]?.[partition]
      here[partition] = await markPartition(
        store,
        name,
        source.topic,
        partition,
        from ?? start,
        takenOver && from !== undefined,
      )
    }
  }
  return { name, positions: (topic) => entered.get(topic) ?? {} }
}

/** Makes the group the one that writes; answers what it took over from, now or when it first did. */
async function takeOver(
  store: OnlineStore,
  log: EventLog,
  model: Model,
  group: string,
): Promise<{ writer: Writer; takenOver: boolean }> {
  for (;;) {
    const found = await store.document('writer')
    const last = found?.value as Writer | undefined
    if (last?.group === group) return { writer: last, takenOver: false }
    const marks = last === undefined ? [] : await store.marks(last.group)
    const positions: Record<string, Record<string, number>> = {}
    for (const source of model.sources.values()) {
      if (!source.streamed) continue
      const here: Record<string, number> = {}
      for (const { partition } of await log.ranges(source.topic)) {
        const mark = markOf(marks, source.topic, partition)
        if (mark !== null) here[partition] = mark
      }
      positions[source.topic] = here
    }
    const writer: Writer = { group, positions }
    if (await store.putDocument('writer', writer, found?.version ?? 0)) return { writer, takenOver: true }
  }
}

/** Sets the mark of a partition where there is none, or where it is to be `moved`; answers where it is. */
async function markPartition(
  store: OnlineStore,
  group: string,
  topic: string,
  partition: number,
  offset: number,
  moved: boolean,
): Promise<number> {
  for (let i = 0; i < TRIES_MAX; i++) {
    const own = markOf(await store.marks(group), topic, partition)
    if (own === offset || (own !== null && !moved)) return own
    try {
      await store.append([], [{ group, topic, partition, from: own, offset }])
      return offset
    } catch (error) {
      // Another process of the group was faster: what it set is looked at.
      if (!(error instanceof MarkMovedError)) throw error
    }
  }
  throw new Error(`the mark of ${topic}/${partition} for ${group} was moved by others ${TRIES_MAX} times in a row`)
}

function markOf(marks: readonly Mark[], topic: string, partition: number): number | null {
  return marks.find((mark) => mark.topic === topic && mark.partition === partition)?.offset ?? null
}
