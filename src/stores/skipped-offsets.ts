import type { OnlineStore } from './online-store.ts'
import { updateDocument } from './timeline-registry.ts'

/** Offsets of a partition that no archive will ever hold, as their events were not valid. Document `skipped/<topic>/<partition>`. */
interface Skipped {
  readonly offsets: readonly number[]
}

const name = (topic: string, partition: number) => `skipped/${topic}/${partition}`

export async function noteSkipped(
  store: OnlineStore,
  topic: string,
  partition: number,
  offsets: readonly number[],
): Promise<void> {
  await updateDocument<Skipped>(store, name(topic, partition), (found) => ({
    offsets: [...new Set([...(found?.offsets ?? []), ...offsets])].sort((a, b) => a - b),
  }))
}

/** How many offsets below `below` were skipped. */
export async function skippedBelow(
  store: OnlineStore,
  topic: string,
  partition: number,
  below: number,
): Promise<number> {
  const found = (await store.document(name(topic, partition)))?.value as Skipped | undefined
  return (found?.offsets ?? []).filter((offset) => offset < below).length
}
