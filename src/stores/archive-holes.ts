import type { SourceModel } from '../features/model.ts'
import { sourceOrigin } from './archive-columns.ts'
import type { EventArchive } from './event-archive.ts'
import type { OnlineStore } from './online-store.ts'
import { skippedTable } from './skipped-offsets.ts'
import { updateDocument } from './timeline-registry.ts'

/** Offsets of a partition that the log lost before they were archived: from the first, up to and without the last. */
export interface ArchiveHole {
  readonly partition: number
  /** Of the topic: see `archiveIncarnation`. */
  readonly incarnation: number
  readonly from: number
  readonly to: number
  /** Wall clock when it was found, epoch milliseconds. */
  readonly noted_ms: number
}

/** Document `holes/<source>`: what the archive lacked when it was found. Whether it still does, its rows say. */
type Holes = readonly ArchiveHole[]

/** Holes that are kept of a source, the last ones: a backfill finds all others, too. */
const HOLES_MAX = 200

const name = (source: SourceModel) => `holes/${source.name}`

export async function noteHole(store: OnlineStore, source: SourceModel, hole: ArchiveHole): Promise<void> {
  await updateDocument<Holes>(store, name(source), (found) => {
    const others = (found ?? []).filter(
      (one) => !(isSamePlace(one, hole) && one.from >= hole.from && one.to <= hole.to),
    )
    return [...others, hole].slice(-HOLES_MAX)
  })
}

/** What an archive still lacks of what its source's topic lost, each with how many offsets that is. What is whole by now is forgotten. */
export async function openHoles(
  store: OnlineStore,
  archive: EventArchive,
  source: SourceModel,
): Promise<(ArchiveHole & { readonly missing: number })[]> {
  const noted = ((await store.document(name(source)))?.value ?? []) as Holes
  const open: (ArchiveHole & { readonly missing: number })[] = []
  for (const hole of noted) {
    const missing =
      hole.to -
      hole.from -
      (await heldBelow(archive, source, hole, hole.to)) +
      (await heldBelow(archive, source, hole, hole.from))
    if (missing > 0) open.push({ ...hole, missing })
  }
  if (open.length < noted.length) {
    const isOpen = (hole: ArchiveHole) => open.some((one) => isSamePlace(one, hole) && one.from === hole.from)
    await updateDocument<Holes>(store, name(source), (found) =>
      (found ?? []).filter(
        (hole) => isOpen(hole) || !noted.some((one) => isSamePlace(one, hole) && one.from === hole.from),
      ),
    )
  }
  return open
}

/** What people are told of one. */
export function holeText(
  { topic, archive }: SourceModel,
  { partition, from, to, missing }: ArchiveHole & { missing: number },
) {
  return (
    `${archive!.table} lacks ${missing} of the events that ${topic}/${partition} had at the offsets ${from} to ${to - 1}: ` +
    'the log lost them before they were archived'
  )
}

const isSamePlace = (a: ArchiveHole, b: ArchiveHole) => a.partition === b.partition && a.incarnation === b.incarnation

async function heldBelow(
  archive: EventArchive,
  source: SourceModel,
  hole: ArchiveHole,
  below: number,
): Promise<number> {
  const { partition, incarnation } = hole
  const tables = [{ table: source.archive!.table }, skippedTable(source)]
  return archive.sequences(tables, sourceOrigin(source, partition, incarnation), below)
}
