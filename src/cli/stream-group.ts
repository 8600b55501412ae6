import { writtenHash } from '../features/fingerprint.ts'
import type { Model, SourceModel, TimelineModel } from '../features/model.ts'
import { streamedTopics } from '../features/topic-router.ts'
import { noteEarliest } from '../stores/earliest-offsets.ts'
import type { EventLog } from '../stores/event-log.ts'
import { checkTopic } from '../stores/known-topics.ts'
import { type Mark, MarkMovedError, type OnlineStore } from '../stores/online-store.ts'
import { furthest, type Lost, registerTimelines, type TimelineRecord } from '../stores/timeline-registry.ts'
import { groupWrites, lacking, noteGroup, readGroups, type WriterGroup, writesAll } from '../stores/writer-groups.ts'

/** The group of what a model writes (L13), as it is entered: where it goes on, and what the store knows of its timelines then. */
export interface StreamGroup {
  readonly name: string
  /** By topic: the offset that each partition is carried on from. */
  positions(topic: string): Readonly<Record<string, number>>
  /** By fingerprint. */
  readonly records: ReadonlyMap<string, TimelineRecord>
}

export interface EnterOptions {
  readonly store: OnlineStore
  readonly log: EventLog
  readonly model: Model
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** What this process knew of the timelines before, if it was in the group already. */
  readonly known?: ReadonlyMap<string, TimelineRecord>
}

/** How often a mark that others set at the same time is looked at again. */
const TRIES_MAX = 20

/** Where the stream of one topic goes on, and what rows from before may lack. */
interface Start {
  readonly positions: Readonly<Record<string, number>>
  readonly lost: (timeline: TimelineModel) => Lost
}

export const groupName = (model: Model): string => groupOf(writtenHash(model))

/** The group of what is written, by its hash (L13). */
export const groupOf = (written: string): string => `millrace-${written}`

/** Whether a name may be that of such a group, and is not of another use of the log. */
export const isStreamGroup = (name: string): boolean => /^millrace-[0-9a-f]{16}$/.test(name)

/**
 * Enters the group of what is written (L13), and registers its timelines. It goes on at its own marks, or at those of a group that
 * writes as much, whichever are further. A new group begins where the one that was entered last is, so that a change of definitions
 * neither skips nor replays anything; what that one did not write is not covered then. Where there are no marks at all, it begins at the
 * earliest message that the log has, and nothing of what the store may hold is counted on.
 *
 * Every partition is marked before this resolves, so that what the log loses from here on is seen as a gap. What is not covered is
 * said before that: whoever sees a mark sees it, too. Any number of processes may enter at once, and again at any time.
 */
export async function enterGroup(options: EnterOptions): Promise<StreamGroup> {
  const { store, log, model, now, known } = options
  const name = groupName(model)
  const starts = new Map<string, Start>()
  const groups = await readGroups(store)
  for (const [topic, sources] of streamedTopics(model.sources.values())) {
    await checkTopic(store, log, topic)
    const ranges = await log.ranges(topic)
    for (const source of sources) await noteEarliest(store, source, ranges)
    const ends: Record<string, number> = {}
    for (const { partition, start } of ranges) ends[partition] = start
    starts.set(topic, await startOf(store, name, model, groups, sources, ends))
  }
  const records = await registerTimelines(store, model, (topic) => starts.get(topic)?.positions ?? {}, now(), {
    lost: (timeline) => starts.get(timeline.source.topic)?.lost(timeline) ?? [],
    ...(known !== undefined && { known }),
  })
  await noteGroup(store, name, groupWrites(model), now())
  const entered = new Map<string, Record<string, number>>()
  for (const [topic, { positions }] of starts) {
    const here: Record<string, number> = {}
    entered.set(topic, here)
    for (const [partition, offset] of Object.entries(positions)) {
      here[partition] = await markPartition(store, name, topic, Number(partition), offset)
    }
  }
  return { name, records, positions: (topic) => entered.get(topic) ?? {} }
}

/** Makes the topics of all streams that are not there yet, each with so many partitions. */
export async function ensureTopics(log: EventLog, model: Model, partitions: number): Promise<void> {
  for (const { topic } of streamedSources(model)) await log.ensureTopic(topic, partitions)
}

export function streamedSources(model: Model): SourceModel[] {
  return [...model.sources.values()].filter(({ streamed }) => streamed)
}

async function startOf(
  store: OnlineStore,
  name: string,
  model: Model,
  groups: ReadonlyMap<string, WriterGroup>,
  sources: readonly SourceModel[],
  earliest: Readonly<Record<string, number>>,
): Promise<Start> {
  const { topic } = sources[0]!
  const marksOf = async (group: string) => offsetsOf(await store.marks(group), topic)
  const latest = [...groups].sort(([, a], [, b]) => b.entered_ms - a.entered_ms)
  let held = await marksOf(name)
  let before: WriterGroup | null = null
  const isNew = Object.keys(held).length === 0
  const timelines = [...model.timelines.values()]
  for (const [group, entered] of latest) {
    // One mark stands for all sources of its topic.
    const asMuch = sources.every((source) => writesAll(entered.writes, source, timelines))
    if (group === name || !asMuch) continue
    held = furthest(held, await marksOf(group))
  }
  for (const [group, entered] of isNew && Object.keys(held).length === 0 ? latest : []) {
    held = await marksOf(group)
    before = entered
    if (Object.keys(held).length > 0) break
  }
  const positions: Record<string, number> = {}
  let all = Object.keys(held).length === 0
  for (const [partition, start] of Object.entries(earliest)) {
    positions[partition] = held[partition] ?? start
    // A partition that came later, and has lost messages before anybody saw it.
    all ||= held[partition] === undefined && start > 0
  }
  const lost = (timeline: TimelineModel): Lost =>
    all ? 'all' : before === null ? [] : lacking(before.writes, timeline)
  return { positions, lost }
}

/** Sets the mark of a partition where there is none, or where it is lower; answers where it is. */
async function markPartition(
  store: OnlineStore,
  group: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<number> {
  for (let i = 0; i < TRIES_MAX; i++) {
    const own = offsetsOf(await store.marks(group), topic)[partition] ?? null
    if (own !== null && own >= offset) return own
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

/** By partition. */
function offsetsOf(marks: readonly Mark[], topic: string): Record<string, number> {
  const offsets: Record<string, number> = {}
  for (const mark of marks) if (mark.topic === topic) offsets[mark.partition] = mark.offset
  return offsets
}
