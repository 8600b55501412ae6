import { setImmediate as nextTurn } from 'node:timers/promises'
import type { OnlineStore, TimelineKey } from '../stores/online-store.ts'

/** Timelines that are read, and then swapped, at once; requests of the same process have their turn in between. */
const BATCH_KEYS = 64

/**
 * Rewrites every timeline whose key begins with a prefix. `mayStill` is asked after rows were read and before they are swapped: so nothing
 * goes that was written after it ceased to be true, however long the process sleeps in between. Timelines that were appended to meanwhile
 * are looked at again in the next pass. Answers whether it was true to the end.
 */
export async function rewriteTimelines(
  store: OnlineStore,
  prefix: string,
  mayStill: () => Promise<boolean>,
  rewrite: (rows: Uint8Array) => Uint8Array,
  passes: number,
): Promise<boolean> {
  for (let pass = 0, again = true; again && pass < passes; pass++) {
    again = false
    for await (const keys of batches(store.keys(prefix))) {
      const rows = await store.read(keys)
      if (!(await mayStill())) return false
      const swaps = keys.map(async (key, i) => {
        const seen = rows[i]
        if (seen == null) return
        const next = rewrite(seen)
        if (next !== seen && !(await store.swap(key, seen, next))) again = true
      })
      await Promise.all(swaps)
      await nextTurn()
    }
  }
  return true
}

async function* batches(keys: AsyncIterable<TimelineKey>): AsyncGenerator<TimelineKey[]> {
  let batch: TimelineKey[] = []
  for await (const key of keys) {
    batch.push(key)
    if (batch.length < BATCH_KEYS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
