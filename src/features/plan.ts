import { formatDuration } from '../timeline/duration.ts'
import {
  EMPTY_SCHEMAS,
  extendSchemas,
  findColumn,
  type RowSchemas,
  type StoredColumn,
  writtenAs,
} from '../timeline/row-schema.ts'
import type { ClockMode } from './clock.ts'
import { changedParts, type FeatureParts, featureParts } from './feature-parts.ts'
import { featureVersion } from './fingerprint.ts'
import { estimateMemory, type MemoryEstimate, rowBytes, type TimelineStats } from './memory-estimate.ts'
import type { Model, TimelineModel } from './model.ts'

/** What the online store says of a timeline that it holds. */
export interface HeldTimeline {
  readonly fingerprint: string
  readonly source: string
  readonly entity: string
  readonly schemas: RowSchemas
  readonly pruned_ms: number
  readonly coverage: {
    readonly since_ms: number | null
    readonly columns: Readonly<Record<string, number>>
    readonly reason: string | null
  }
}

/** How things are before the definitions are used. */
export interface PlanBasis {
  /** What the last process served. */
  readonly live: {
    /** Versions, by name. */
    readonly features: Readonly<Record<string, string>>
    readonly services: Readonly<Record<string, string>>
    /** What made the features; none where nobody noted it. */
    readonly parts: Readonly<Record<string, FeatureParts>>
  }
  readonly timelines: readonly HeldTimeline[]
  /** What the archive has of each timeline, by fingerprint, within its retention; null or absent: that is not known. */
  readonly stats: ReadonlyMap<string, TimelineStats | null>
  readonly clock: ClockMode
  readonly now_ms: number
}

export interface TimelinePlan {
  readonly fingerprint: string
  readonly source: string
  readonly entity: string
  readonly groups: readonly string[]
  /** Columns that rows will hold, in their order. */
  readonly columns: readonly string[]
  /** Those of them that rows do not hold yet. */
  readonly added_columns: readonly string[]
  readonly retention_ms: number
  readonly backfill: { readonly due: boolean; readonly why: string }
  /** Null where the archive cannot tell. */
  readonly memory: MemoryEstimate | null
}

/** A feature that means something else than it did. */
export interface ChangedFeature {
  readonly name: string
  /** What of its definition changed, as `filter: none becomes eq(status, "declined")`. */
  readonly why: readonly string[]
}

/** What definitions would change. */
export interface Plan {
  readonly features: {
    readonly added: readonly string[]
    /** Those that keep their name and mean something else, and why: who reads them must know. */
    readonly changed: readonly ChangedFeature[]
    readonly removed: readonly string[]
    readonly kept: number
  }
  readonly services: {
    readonly added: readonly string[]
    readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[]
    readonly removed: readonly string[]
    readonly kept: readonly string[]
  }
  readonly timelines: readonly TimelinePlan[]
  /** Timelines that no feature reads any more. */
  readonly unused: readonly { readonly fingerprint: string; readonly source: string; readonly entity: string }[]
  /** Of all timelines of which it can be told; null where of none. */
  readonly bytes: number | null
}

/** Compares definitions with what is served and held. Pure: `now_ms` is passed in. */
export function makePlan(model: Model, basis: PlanBasis): Plan {
  const { live } = basis
  const features = [...model.features.values()].map((feature) => ({
    name: feature.name,
    version: featureVersion(feature),
    feature,
  }))
  const namesOf = (which: (feature: { name: string; version: string }) => boolean) =>
    features.filter(which).map(({ name }) => name)
  const services = [...model.services.values()]
  const timelines = [...model.timelines.values()].map((timeline) => planTimeline(model, timeline, basis))
  const estimates = timelines.flatMap(({ memory }) => (memory === null ? [] : [memory.bytes]))
  return {
    features: {
      added: namesOf(({ name }) => live.features[name] === undefined),
      changed: features
        .filter(({ name, version }) => ![undefined, version].includes(live.features[name]))
        .map(({ name, feature }) => ({ name, why: whyChanged(live.parts[name], featureParts(feature)) })),
      removed: Object.keys(live.features).filter((name) => !model.features.has(name)),
      kept: namesOf(({ name, version }) => live.features[name] === version).length,
    },
    services: {
      added: services.filter(({ name }) => live.services[name] === undefined).map(({ name }) => name),
      changed: services.flatMap(({ name, version: to }) => {
        const from = live.services[name]
        return from === undefined || from === to ? [] : [{ name, from, to }]
      }),
      removed: Object.keys(live.services).filter((name) => !model.services.has(name)),
      kept: services.filter(({ name, version }) => live.services[name] === version).map(({ name }) => name),
    },
    timelines,
    unused: basis.timelines
      .filter(({ fingerprint }) => !model.timelines.has(fingerprint))
      .map(({ fingerprint, source, entity }) => ({ fingerprint, source, entity })),
    bytes: estimates.length === 0 ? null : estimates.reduce((sum, bytes) => sum + bytes, 0),
  }
}

function whyChanged(before: FeatureParts | undefined, after: FeatureParts): readonly string[] {
  if (before === undefined) return ['what it was before is not noted']
  const parts = changedParts(before, after)
  return parts.length === 0 ? ['what differs has no name'] : parts
}

function planTimeline(model: Model, timeline: TimelineModel, basis: PlanBasis): TimelinePlan {
  const { fingerprint, source, entity, retention_ms } = timeline
  const held = basis.timelines.find((one) => one.fingerprint === fingerprint) ?? null
  const stored = (column: number): StoredColumn => source.columns[column]!
  const wanted = timeline.columns.map(stored)
  const possible = source.columns.map(({ name, type }) => ({ name, type }))
  const { schemas, schema } = extendSchemas(held?.schemas ?? EMPTY_SCHEMAS, wanted, possible)
  const before = held?.schemas.schemas.at(-1)?.columns.length ?? 0
  const added = wanted.filter(({ name, type }) => held === null || !isWritten(held.schemas, name, type))
  const stats = basis.stats.get(fingerprint) ?? null
  const kept_ms = basis.clock === 'history' ? null : retention_ms
  return {
    fingerprint,
    source: source.name,
    entity: entity.name,
    groups: [...model.groups.values()].filter((group) => group.timeline === timeline).map(({ name }) => name),
    columns: schema.columns.map((number) => schemas.columns[number]!.name),
    added_columns: added.map(({ name }) => name),
    retention_ms,
    backfill: planBackfill(
      model,
      timeline,
      held,
      added.map(({ name }) => name),
      before,
      basis,
    ),
    memory:
      stats === null
        ? null
        : estimateMemory(stats, kept_ms, rowBytes(writtenAs(schemas, schema), source.version !== null)),
  }
}

function isWritten(schemas: RowSchemas, name: string, type: StoredColumn['type']): boolean {
  const number = findColumn(schemas, name, type)
  const isRetired = schemas.retired?.includes(number) === true
  return number >= 0 && !isRetired && schemas.schemas.at(-1)?.columns.includes(number) === true
}

function planBackfill(
  model: Model,
  timeline: TimelineModel,
  held: HeldTimeline | null,
  added: readonly string[],
  before: number,
  { clock, now_ms }: PlanBasis,
): TimelinePlan['backfill'] {
  const { source } = timeline
  if (source.archive === null) {
    return { due: false, why: `no backfill: ${source.name} has no archive, so it fills as events arrive` }
  }
  if (held === null) return { due: true, why: 'backfill: it is new' }
  if (added.length > 0) {
    const which = added.length === 1 ? `the column ${added[0]} is` : `the columns ${added.join(', ')} are`
    return { due: true, why: `backfill: ${which} not kept yet` }
  }
  const since_ms = coveredSince(timeline, held)
  if (since_ms === null) {
    // The registry's reason says that a backfill is due, which goes before it here.
    const reason = held.coverage.reason?.replace(/: a backfill is due$/, '') ?? 'a column is not filled yet'
    return { due: true, why: `backfill: ${reason}` }
  }
  const features = [...model.features.values()].filter((feature) => feature.timeline === timeline)
  const reach_ms = Math.max(0, ...features.map(({ window_ms, delay_ms }) => window_ms + delay_ms))
  const wanted_ms = clock === 'history' ? 0 : now_ms - reach_ms
  if (since_ms <= wanted_ms) {
    const why = before === 0 ? 'no backfill: it keeps no columns' : 'no backfill: the columns are kept'
    // A longer lookback makes nothing incomplete that is asked for now: whoever asks for the past has to want it.
    const isShort = clock !== 'history' && since_ms > now_ms - timeline.retention_ms
    return { due: false, why: isShort ? `${why}; ${lookbackShort(model, timeline, since_ms + reach_ms)}` : why }
  }
  const since = new Date(since_ms).toISOString()
  const why =
    clock === 'history'
      ? `backfill: it is complete since ${since} only`
      : `backfill: its windows reach back ${formatDuration(reach_ms)}, and it is complete since ${since} only`
  return { due: true, why }
}

/** Says that values of the past are not exact as far back as the source wants them, and what makes them so. */
function lookbackShort(model: Model, timeline: TimelineModel, exact_ms: number): string {
  const groups = [...model.groups.values()].filter((group) => group.timeline === timeline).map(({ name }) => name)
  const since = new Date(exact_ms).toISOString()
  return `values of the past are exact since ${since} only: millrace backfill ${groups.join(' ')} reaches back for all of the lookback`
}

/** Since when all columns that the features read are complete; null: one is not. */
function coveredSince(
  { source, columns }: TimelineModel,
  { coverage, schemas, pruned_ms }: HeldTimeline,
): number | null {
  if (coverage.since_ms === null) return null
  let since_ms = Math.max(coverage.since_ms, pruned_ms)
  for (const column of columns) {
    const { name, type } = source.columns[column]!
    const covered_ms = coverage.columns[findColumn(schemas, name, type)]
    if (covered_ms === undefined) return null
    since_ms = Math.max(since_ms, covered_ms)
  }
  return since_ms
}
