import type { PartitionRange } from './event-log.ts'
import type { OnlineStore } from './online-store.ts'
import { updateDocument } from './timeline-registry.ts'

/** By partition: the earliest offset that the log had when it was first looked at. Document `earliest/<topic>`. */
type Earliest = Readonly<Record<string, number>>

const name = (topic: string) => `earliest/${topic}`

/** Remembers where partitions began when they were first seen: what was before that, nobody here can account for. */
export async function noteEarliest(
  store: OnlineStore,
  topic: string,
  ranges: readonly PartitionRange[],
): Promise<void> {
  await updateDocument<Earliest>(store, name(topic), (found) => {
    const added = ranges.filter(({ partition }) => found?.[partition] === undefined)
    if (found !== null && added.length === 0) return found
    return { ...found, ...Object.fromEntries(added.map(({ partition, start }) => [partition, start])) }
  })
}

/** By partition; one that was never seen is not in it. */
export async function earliestOffsets(store: OnlineStore, topic: string): Promise<Earliest> {
  return ((await store.document(name(topic)))?.value ?? {}) as Earliest
}
