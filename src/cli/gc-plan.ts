import { progressTimeline } from '../backfill/backfill-progress.ts'
import { backfillTimelineOf } from '../stores/backfill-marks.ts'
import type { Mark, StoredDocument } from '../stores/online-store.ts'
import { columnIdentity, type TimelineRecord, timelinesIn } from '../stores/timeline-registry.ts'
import { watermarkGroup } from '../stores/watermarks.ts'
import { groupsIn } from '../stores/writer-groups.ts'
import { liveIn, type Meaning } from './live-definitions.ts'
import { groupOf, isStreamGroup } from './stream-group.ts'

/** A timeline, for people; source and entity are null where the registry does not know it. */
export interface GcTimeline {
  readonly fingerprint: string
  readonly source: string | null
  readonly entity: string | null
}

/** What no live definition uses. */
export interface GcPlan {
  readonly timelines: readonly GcTimeline[]
  /** Of timelines that are used: columns that are not, by name and by their number in the registry. */
  readonly columns: readonly (GcTimeline & { readonly names: readonly string[]; readonly numbers: readonly number[] })[]
  readonly retentions: readonly (GcTimeline & { readonly from_ms: number; readonly to_ms: number })[]
  readonly groups: readonly { readonly name: string; readonly entered_ms: number | null }[]
  readonly definitions: readonly { readonly hash: string; readonly seen_ms: number }[]
}

/** All documents of a store, and then its marks. */
export interface GcView {
  readonly documents: ReadonlyMap<string, StoredDocument>
  readonly marks: readonly Mark[]
}

export interface GcRules {
  /** Definitions that are in use whatever the documents say: of who asks. */
  readonly own: readonly Meaning[]
  /** Definitions that some process named at or after this instant are live, epoch milliseconds. */
  readonly from_ms: number
  /** Groups in which somebody is at work: what they write is in use. */
  readonly busy: ReadonlySet<string>
  /** False under `clock: 'history'`: nothing is pruned, so no retention is too long. */
  readonly prunes: boolean
}

/** What is wanted of one timeline. */
interface Use {
  readonly columns: Set<string>
  /** Null: not known, so that it stays. */
  retention_ms: number | null
}

/** Finds what goes. Pure: the same for the same documents. */
export function planGc({ documents, marks }: GcView, rules: GcRules): GcPlan {
  const all = [...liveIn(documents)]
  const live = all.filter(([, { seen_ms }]) => seen_ms >= rules.from_ms).map(([, definitions]) => definitions)
  const used = [...live, ...rules.own]
  const uses = usesOf(used, rules, documents)
  const records = timelinesIn(documents)
  const kept = new Set(used.map(({ written }) => groupOf(written)))
  for (const name of [...rules.busy, ...nextBeginnings(documents, marks)]) kept.add(name)
  const entered = groupsIn(documents)
  const groups = [...new Set([...entered.keys(), ...groupsElsewhere(documents, marks)])]
  // The last that were at work stay: they are what `plan` compares with.
  const last_ms = Math.max(...all.map(([, { seen_ms }]) => seen_ms))
  const hashes = all.filter(([, { seen_ms }]) => seen_ms < rules.from_ms && seen_ms < last_ms)
  const inUse = [...records.values()].filter(({ fingerprint }) => uses.has(fingerprint))
  return {
    timelines: unusedTimelines(documents, marks, records, uses),
    columns: inUse.flatMap((record) => unusedColumns(record, uses.get(record.fingerprint)!)),
    retentions: rules.prunes ? inUse.flatMap((record) => longRetention(record, uses.get(record.fingerprint)!)) : [],
    groups: groups
      .filter((name) => isStreamGroup(name) && !kept.has(name))
      .map((name) => ({ name, entered_ms: entered.get(name)?.entered_ms ?? null })),
    definitions: hashes.map(([hash, { seen_ms }]) => ({ hash, seen_ms })),
  }
}

function usesOf(used: readonly Meaning[], { busy }: GcRules, documents: GcView['documents']): Map<string, Use> {
  const uses = new Map<string, Use>()
  const use = (fingerprint: string, columns: readonly string[], retention_ms: number | null): void => {
    const found = uses.get(fingerprint) ?? { columns: new Set(), retention_ms: 0 }
    uses.set(fingerprint, found)
    for (const column of columns) found.columns.add(column)
    const known = found.retention_ms !== null && retention_ms !== null
    found.retention_ms = known ? Math.max(found.retention_ms!, retention_ms) : null
  }
  for (const { timelines } of used) {
    for (const [fingerprint, { columns, retention_ms }] of Object.entries(timelines))
      use(fingerprint, columns, retention_ms)
  }
  for (const [name, { writes }] of groupsIn(documents)) {
    if (!busy.has(name)) continue
    for (const [fingerprint, columns] of Object.entries(writes.timelines)) use(fingerprint, columns, null)
  }
  return uses
}

/** By topic, the group that was entered last: where the next definitions begin. Without it they would begin anew. */
function nextBeginnings(documents: GcView['documents'], marks: readonly Mark[]): Set<string> {
  const latest = [...groupsIn(documents)].sort(([, a], [, b]) => b.entered_ms - a.entered_ms).map(([name]) => name)
  const topics = new Set(marks.map(({ topic }) => topic))
  const found = [...topics].map((topic) =>
    latest.find((name) => marks.some((mark) => mark.group === name && mark.topic === topic)),
  )
  return new Set(found.filter((name) => name !== undefined))
}

/** Groups of which something is left though they are not known any more. */
function groupsElsewhere(documents: GcView['documents'], marks: readonly Mark[]): string[] {
  const told = [...documents.keys()].map(watermarkGroup).filter((name) => name !== null)
  return [...told, ...marks.map(({ group }) => group)]
}

function unusedTimelines(
  documents: GcView['documents'],
  marks: readonly Mark[],
  records: ReadonlyMap<string, TimelineRecord>,
  uses: ReadonlyMap<string, Use>,
): GcTimeline[] {
  const left = [...[...documents.keys()].map(progressTimeline), ...marks.map(({ group }) => backfillTimelineOf(group))]
  const all = new Set([...records.keys(), ...left.filter((fingerprint) => fingerprint !== null)])
  return [...all]
    .filter((fingerprint) => !uses.has(fingerprint))
    .map((fingerprint) => {
      const { source = null, entity = null } = records.get(fingerprint) ?? {}
      return { fingerprint, source, entity }
    })
}

function unusedColumns(record: TimelineRecord, { columns }: Use): GcPlan['columns'] {
  const { fingerprint, source, entity, schemas, narrowed = [] } = record
  const numbers = schemas.columns.flatMap((column, number) => {
    const isDone = schemas.retired?.includes(number) === true && narrowed.includes(number)
    return columns.has(columnIdentity(column)) || isDone ? [] : [number]
  })
  if (numbers.length === 0) return []
  return [{ fingerprint, source, entity, names: numbers.map((number) => schemas.columns[number]!.name), numbers }]
}

function longRetention({ fingerprint, source, entity, retention_ms: from_ms }: TimelineRecord, use: Use) {
  const to_ms = use.retention_ms
  return to_ms === null || to_ms >= from_ms ? [] : [{ fingerprint, source, entity, from_ms, to_ms }]
}
