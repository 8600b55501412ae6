import type { EmbeddedDatabases } from './embedded-layout.ts'
import type { MemoryImage } from './memory-image.ts'

/** Most timelines in memory that are looked up in the tails; of more, a sample is. */
const SAMPLE = 1_000

interface DatabaseStats {
  readonly pageSize: number
  readonly entryCount: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

/** Pages in use and timelines: exact, but for an estimate of how many of the timelines in memory are in no tail yet. */
export function sizeOf(
  { tails, pages, journal }: EmbeddedDatabases,
  image: MemoryImage,
): { timelines: number; bytes: number } {
  let bytes = 0
  for (const database of [tails, pages, journal]) {
    const stats = database.getStats() as DatabaseStats
    bytes += stats.pageSize * (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages)
  }
  const waiting = new Set(image.keys())
  let looked = 0
  let added = 0
  for (const key of waiting) {
    if (looked === SAMPLE) break
    looked++
    if (!tails.doesExist(key)) added++
  }
  const { entryCount } = tails.getStats() as DatabaseStats
  return { timelines: entryCount + (looked === 0 ? 0 : Math.round((added / looked) * waiting.size)), bytes }
}
