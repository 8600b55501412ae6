import { firstArchived } from '../backfill/archive-account.ts'
import type { Model, SourceModel } from '../features/model.ts'
import { isArchivedHere, sourceOrigin } from '../stores/archive-columns.ts'
import { earliestOffsets, forgetEarliest } from '../stores/earliest-offsets.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { knownTopic, noteTopic } from '../stores/known-topics.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { readTimelines, uncover, updateTimeline } from '../stores/timeline-registry.ts'
import {
  archiveIncarnation,
  type FormerPartition,
  formerPartitions,
  latestIncarnation,
  noteFormer,
  noteIncarnation,
} from '../stores/topic-incarnations.ts'

export interface RenewDeps {
  readonly model: Model
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
}

/** How one partition stands: offsets of the topic before, and of the one that is there. */
export interface RenewPartition {
  readonly partition: number
  /** Up to where the topic before was counted, and archived; null: not at all. */
  readonly counted: number | null
  readonly archived: number | null
  /** What there is now; null: there is no such partition any more. */
  readonly now: { readonly start: number; readonly end: number } | null
}

/** What renewing a topic is about. */
export interface RenewView {
  readonly topic: string
  /** Whether it is another topic than the one that is known, or ends before what was counted or archived of it. */
  readonly replaced: boolean
  /** Whether the log tells topics of one name apart: else one that has more than was counted is not seen to be another. */
  readonly certain: boolean
  readonly partitions: readonly RenewPartition[]
}

/** How a topic stands. Throws a RangeError where no source of the model has it. */
export async function viewRenewal(deps: RenewDeps, topic: string): Promise<RenewView> {
  const { store, log, archive } = deps
  const sources = sourcesOf(deps.model, topic)
  const id = await log.identify(topic)
  const ranges = await log.ranges(topic)
  const known = await knownTopic(store, topic)
  const incarnation = await archiveIncarnation(archive, topic, id)
  const latest = (await latestIncarnation(archive, topic)) ?? 1
  const counted = await countedOffsets(store, topic)
  const archived = new Map<number, number>()
  for (const source of sources.filter(isArchivedHere)) {
    const reached = await archivedOffsets(archive, source, latest, [...ranges, ...partitionsOf(counted)])
    for (const [partition, offset] of reached) {
      archived.set(partition, Math.min(offset, archived.get(partition) ?? offset))
    }
  }
  const numbers = [...new Set([...ranges.map(({ partition }) => partition), ...counted.keys(), ...archived.keys()])]
  const partitions = numbers
    .sort((a, b) => a - b)
    .map((partition): RenewPartition => {
      const range = ranges.find((one) => one.partition === partition)
      return {
        partition,
        counted: counted.get(partition) ?? null,
        archived: archived.get(partition) ?? null,
        now: range === undefined ? null : { start: range.start, end: range.end },
      }
    })
  const isCut = ({ counted, archived, now }: RenewPartition) =>
    now !== null && Math.max(counted ?? 0, archived ?? 0) > now.end
  const other = id !== null && ((known ?? id) !== id || incarnation === null)
  return { topic, replaced: other || partitions.some(isCut), certain: id !== null, partitions }
}

/**
 * Begins anew with a topic of which there is another now: what was known of its offsets is of the one before. Its timelines are
 * incomplete then, until a backfill, which asks that the archive has all that the one before was counted up to. Processes may run meanwhile,
 * and go on by themselves. Broken off, it is repeated.
 */
export async function renewTopic(deps: RenewDeps, topic: string): Promise<void> {
  const { store, log, now } = deps
  const sources = sourcesOf(deps.model, topic)
  const id = await log.identify(topic)
  const ranges = await log.ranges(topic)
  // First the archive: who goes on by what the store says below finds it ready.
  await renewArchive(deps, topic, id, sources.filter(isArchivedHere))
  const starts = Object.fromEntries(ranges.map(({ partition, start }) => [partition, start]))
  const reason = `${topic} was deleted and made anew: a backfill is due`
  for (const { fingerprint, handover } of (await readTimelines(store)).values()) {
    if (handover.topic !== topic) continue
    await uncover(store, fingerprint, reason)
    await updateTimeline(store, fingerprint, (record) => ({
      ...record,
      handover: { topic, positions: starts, noted_ms: now() },
    }))
  }
  for (const group of await store.groups()) await store.removeMarks(group, topic)
  await forgetEarliest(store, topic)
  // Last: from now on workers go on.
  if (id !== null) await noteTopic(store, topic, id)
}

async function renewArchive(
  deps: RenewDeps,
  topic: string,
  id: string | null,
  sources: readonly SourceModel[],
): Promise<void> {
  const { store, archive, log, now } = deps
  const ranges = await log.ranges(topic)
  const before = (await latestIncarnation(archive, topic)) ?? 1
  const counted = await countedOffsets(store, topic)
  let due = (await archiveIncarnation(archive, topic, id)) === null
  const formers = new Map<SourceModel, FormerPartition[]>()
  for (const source of sources) {
    const earliest = await earliestOffsets(store, source)
    const reached = await archivedOffsets(archive, source, before, [...ranges, ...partitionsOf(counted)])
    const former: FormerPartition[] = []
    for (const partition of new Set([...counted.keys(), ...reached.keys()])) {
      const first = await firstArchived(archive, source, { partition, incarnation: before })
      const begin = Math.min(earliest[partition] ?? Number.POSITIVE_INFINITY, first)
      const end = Math.max(counted.get(partition) ?? 0, reached.get(partition) ?? 0)
      if (begin < end) former.push({ partition, begin, end })
    }
    formers.set(source, former)
    // One that was cut off has the same id: an attempt that was broken off has noted how far the marks are.
    const noted = await formerPartitions(archive, source, before - 1)
    due ||= ranges.some(({ partition, end }) => {
      const mark = counted.get(partition) ?? 0
      const isNoted = noted.some((one) => one.partition === partition && one.end >= mark)
      // Where ids tell nothing, whoever renews it says that it is another.
      return (reached.get(partition) ?? 0) > end || (mark > (id === null ? 0 : end) && !isNoted)
    })
  }
  if (!due || sources.length === 0) return
  for (const [source, former] of formers) await noteFormer(archive, source, before, former, now())
  await noteIncarnation(archive, topic, id, before + 1, now())
}

function sourcesOf(model: Model, topic: string): SourceModel[] {
  const streamed = [...model.sources.values()].filter((source) => source.streamed)
  const found = streamed.filter((source) => source.topic === topic)
  if (found.length > 0) return found
  const topics = [...new Set(streamed.map((source) => source.topic))]
  throw new RangeError(`no source has the topic '${topic}': there are ${topics.join(', ')}`)
}

/** By partition: up to where any group has counted it. */
async function countedOffsets(store: OnlineStore, topic: string): Promise<Map<number, number>> {
  const counted = new Map<number, number>()
  for (const mark of await store.marks()) {
    if (mark.topic !== topic) continue
    counted.set(mark.partition, Math.max(mark.offset, counted.get(mark.partition) ?? 0))
  }
  return counted
}

const partitionsOf = (offsets: ReadonlyMap<number, number>) => [...offsets.keys()].map((partition) => ({ partition }))

/** By partition: up to where a source's table has rows of an incarnation of its topic. */
async function archivedOffsets(
  archive: EventArchive,
  source: SourceModel,
  incarnation: number,
  partitions: readonly { readonly partition: number }[],
): Promise<Map<number, number>> {
  const reached = new Map<number, number>()
  for (const { partition } of partitions) {
    const last = await archive.lastSequence(source.archive!.table, sourceOrigin(source, partition, incarnation))
    if (last !== null) reached.set(partition, last + 1)
  }
  return reached
}
