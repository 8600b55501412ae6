import type { SourceModel } from '../features/model.ts'
import { shareName } from './archive-columns.ts'
import type { PartitionRange } from './event-log.ts'
import type { OnlineStore } from './online-store.ts'
import { updateDocument } from './timeline-registry.ts'

/**
 * By partition: the earliest offset that the log had when it was first looked at. Document `earliest/<topic>`; of a source that shares its
 * topic `earliest/<topic>/<share>`, as it may have come later than the others.
 */
type Earliest = Readonly<Record<string, number>>

function name(source: SourceModel): string {
  const share = shareName(source)
  return share === null ? `earliest/${source.topic}` : `earliest/${source.topic}/${share}`
}

/** Remembers where partitions began when they were first seen: what was before that, nobody here can account for. */
export async function noteEarliest(
  store: OnlineStore,
  source: SourceModel,
  ranges: readonly PartitionRange[],
): Promise<void> {
  await updateDocument<Earliest>(store, name(source), (found) => {
    const added = ranges.filter(({ partition }) => found?.[partition] === undefined)
    if (found !== null && added.length === 0) return found
    return { ...found, ...Object.fromEntries(added.map(({ partition, start }) => [partition, start])) }
  })
}

/** Forgets where the partitions of a topic began, for all sources that take it: there is another topic of its name. */
export async function forgetEarliest(store: OnlineStore, topic: string): Promise<void> {
  for (const [document, { version }] of await store.documents(`earliest/${topic}`)) {
    if (document === `earliest/${topic}` || document.startsWith(`earliest/${topic}/`)) {
      await store.removeDocument(document, version)
    }
  }
}

/** By partition; one that was never seen is not in it. */
export async function earliestOffsets(store: OnlineStore, source: SourceModel): Promise<Earliest> {
  return ((await store.document(name(source)))?.value ?? {}) as Earliest
}
