import { sourceHash } from '../features/fingerprint.ts'
import type { Model, SourceModel, TimelineModel } from '../features/model.ts'
import type { OnlineStore, StoredDocument } from './online-store.ts'
import { columnIdentity, type Lost, updateDocument } from './timeline-registry.ts'

export interface GroupWrites {
  /** Which events it takes: by source, {@link sourceHash}. */
  readonly sources: Readonly<Record<string, string>>
  /** By fingerprint of each timeline, its columns ({@link columnIdentity}). */
  readonly timelines: Readonly<Record<string, readonly string[]>>
}

/** Document `group/<name>`. */
export interface WriterGroup {
  readonly writes: GroupWrites
  /** Wall clock when somebody entered it last, epoch milliseconds. */
  readonly entered_ms: number
}

const PREFIX = 'group/'

export const groupDocument = (name: string): string => PREFIX + name

/** What a group of this model writes. */
export function groupWrites(model: Model): GroupWrites {
  const sources = [...model.sources.values()].map((source) => [source.name, sourceHash(source)])
  const timelines = [...model.timelines.values()].map(({ fingerprint, source, columns }) => [
    fingerprint,
    columns.map((column) => columnIdentity(source.columns[column]!)).sort(),
  ])
  return { sources: Object.fromEntries(sources), timelines: Object.fromEntries(timelines) }
}

/** Every group that was ever entered, by name. */
export async function readGroups(store: OnlineStore): Promise<Map<string, WriterGroup>> {
  return groupsIn(await store.documents(PREFIX))
}

/** The same from documents that were read. */
export function groupsIn(documents: ReadonlyMap<string, StoredDocument>): Map<string, WriterGroup> {
  const found = [...documents].filter(([name]) => name.startsWith(PREFIX))
  return new Map(found.map(([name, { value }]) => [name.slice(PREFIX.length), value as WriterGroup]))
}

export async function noteGroup(store: OnlineStore, name: string, writes: GroupWrites, now_ms: number): Promise<void> {
  await updateDocument<WriterGroup>(store, PREFIX + name, () => ({ writes, entered_ms: now_ms }))
}

/** What rows of a group lack for a timeline, whose columns are wanted. */
export function lacking({ timelines }: GroupWrites, { fingerprint, source, columns }: TimelineModel): Lost {
  const written = timelines[fingerprint]
  if (written === undefined) return 'all'
  return columns.map((column) => columnIdentity(source.columns[column]!)).filter((column) => !written.includes(column))
}

/** Whether a group takes the same events of a source as a model does, and writes all that it wants of them. */
export function writesAll(writes: GroupWrites, source: SourceModel, timelines: readonly TimelineModel[]): boolean {
  return (
    writes.sources[source.name] === sourceHash(source) &&
    timelines.every((timeline) => timeline.source !== source || lacking(writes, timeline).length === 0)
  )
}
