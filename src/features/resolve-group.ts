import type { AggregateSpec } from '../timeline/aggregate.ts'
import { aggregates } from '../timeline/aggregates/index.ts'
import { durationMs } from '../timeline/duration.ts'
import { filterColumns } from '../timeline/filter.ts'
import { canonicalFilter } from './canonical-filter.ts'
import type { GroupData } from './definition.ts'
import { deprecationOf, featureDeprecation } from './deprecation.ts'
import { timelineFingerprint } from './fingerprint.ts'
import type { EntityModel, FeatureModel, GroupModel, SourceModel, TimelineModel } from './model.ts'
import { describedOf } from './resolve-source.ts'
import { servedName } from './served-name.ts'

/** What is known of a timeline before all of its groups were seen. */
interface TimelineDraft {
  readonly fingerprint: string
  readonly source: SourceModel
  readonly entity: EntityModel
  readonly key: readonly number[]
  readonly columns: Set<number>
  /** Longest window and delay of its features. */
  reach_ms: number
}

/** Looks up the groups of checked definitions, and finds the timelines that their features read. */
export function resolveGroups(
  groups: readonly GroupData[],
  sources: ReadonlyMap<string, SourceModel>,
  entities: ReadonlyMap<string, EntityModel>,
): { groups: Map<string, GroupModel>; timelines: Map<string, TimelineModel> } {
  const drafts = new Map<string, TimelineDraft>()
  const lookback = new Map<string, number>()
  const drafted = groups.map((group) => {
    const source = sources.get(group.source.name)!
    lookback.set(source.name, durationMs(group.source.lookback))
    const draft = draftOf(group, source, entities.get(group.entity.name)!)
    const known = drafts.get(draft.fingerprint) ?? draft
    drafts.set(known.fingerprint, known)
    const features = featuresOf(group, source)
    for (const { columns, window_ms, delay_ms } of features) {
      for (const column of columns) known.columns.add(column)
      known.reach_ms = Math.max(known.reach_ms, window_ms + delay_ms)
    }
    return { group, fingerprint: known.fingerprint, features }
  })
  const timelines = new Map<string, TimelineModel>()
  for (const { reach_ms, columns, ...draft } of drafts.values()) {
    timelines.set(draft.fingerprint, {
      ...draft,
      columns: [...columns].sort((a, b) => a - b),
      retention_ms: reach_ms + lookback.get(draft.source.name)!,
    })
  }
  const models = drafted.map(({ group, fingerprint, features }): [string, GroupModel] => {
    const timeline = timelines.get(fingerprint)!
    const served = features.map((feature): FeatureModel => ({ ...feature, timeline }))
    return [
      group.name,
      {
        name: group.name,
        ...describedOf(group),
        deprecated: deprecationOf(group.deprecated),
        timeline,
        features: served,
      },
    ]
  })
  return { groups: new Map(models), timelines }
}

function draftOf(group: GroupData, source: SourceModel, entity: EntityModel): TimelineDraft {
  const names = entity.key.map(({ name }) => group.entity.columns[name]!)
  const fingerprint = timelineFingerprint({
    source: source.name,
    entity: entity.name,
    // Under other versions of a computed key there are other entities.
    key: names.map((name) => {
      const { version } = source.columns[numberIn(source)(name)]!.type
      return version === undefined ? name : `${name}@${version}`
    }),
    id: source.columns[source.id]!.name,
    time: source.columns[source.time]!.name,
    where: source.where,
  })
  return { fingerprint, source, entity, key: names.map(numberIn(source)), columns: new Set(), reach_ms: 0 }
}

function numberIn(source: SourceModel): (name: string) => number {
  return (name) => source.columns.findIndex((column) => column.name === name)
}

function featuresOf(group: GroupData, source: SourceModel): Omit<FeatureModel, 'timeline'>[] {
  return Object.entries(group.features).flatMap(([feature, { spec: written }]) => {
    const spec: AggregateSpec = Object.freeze({
      ...written,
      of: written.of === null ? null : canonicalFilter(written.of, source),
      where: written.where === null ? null : canonicalFilter(written.where, source),
    })
    const columns = columnsRead(spec, source)
    const type = spec.column === null ? null : source.columns[numberIn(source)(spec.column)]!.type
    const one = aggregates.get(spec.aggregate)!.result(type)
    const result = spec.per === null ? one : { ...one, map: true }
    return spec.windows.map((window) => ({
      name: servedName(group.name, feature, window, spec.delay),
      group: group.name,
      role: null,
      feature,
      spec,
      window_ms: durationMs(window),
      delay_ms: spec.delay === null ? 0 : durationMs(spec.delay),
      result,
      columns,
      deprecated: featureDeprecation(group, feature, window, spec.delay),
    }))
  })
}

function columnsRead({ column, where, of, per }: AggregateSpec, source: SourceModel): number[] {
  const names = [where, of].flatMap((filter) =>
    filter === null ? [] : filterColumns(filter).map((read) => read.column),
  )
  if (column !== null) names.push(column)
  if (per !== null) names.push(per.column)
  return [...new Set(names.map(numberIn(source)))].sort((a, b) => a - b)
}
