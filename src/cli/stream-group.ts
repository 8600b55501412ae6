import type { Model } from '../features/model.ts'
import type { EventLog } from '../stores/event-log.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'

/** The group that wrote last. Document `writer`. */
interface Writer {
  readonly group: string
}

export interface StreamGroup {
  readonly name: string
  /** By topic: the offset that each partition is carried on from. */
  positions(topic: string): Readonly<Record<string, number>>
}

/**
 * Enters the group of what is written now (L13). A group that is new to the store goes on where the last writer was, so that a
 * change of definitions neither skips nor replays anything.
 */
export async function enterGroup(store: OnlineStore, log: EventLog, model: Model, hash: string): Promise<StreamGroup> {
  const name = `millrace-${hash}`
  const last = ((await store.document('writer'))?.value as Writer | undefined)?.group ?? name
  const own = await store.marks(name)
  const theirs = last === name ? [] : await store.marks(last)
  const positions = new Map<string, Record<string, number>>()
  for (const source of model.sources.values()) {
    const here: Record<string, number> = {}
    positions.set(source.topic, here)
    if (!source.streamed) continue
    for (const { partition, start } of await log.ranges(source.topic)) {
      const at = (marks: typeof own) =>
        marks.find((mark) => mark.topic === source.topic && mark.partition === partition)?.offset ?? null
      const from = at(own)
      // Where nobody has been yet, the earliest message that the log has. It is marked at once, so that what the log loses from
      // here on is seen as a gap.
      const offset = at(theirs) ?? from ?? start
      if (offset !== from) await store.append([], [{ group: name, topic: source.topic, partition, from, offset }])
      here[partition] = offset
    }
  }
  await updateDocument<Writer>(store, 'writer', () => ({ group: name }))
  return { name, positions: (topic) => positions.get(topic) ?? {} }
}
