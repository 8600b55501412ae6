import type { Described } from '../../features/definition.ts'
import type {
  EntityModel,
  FeatureModel,
  GroupModel,
  Model,
  ServiceModel,
  SourceColumn,
  SourceModel,
} from '../../features/model.ts'
import { aggregates } from '../../timeline/aggregates/index.ts'
import type { ColumnType } from '../../timeline/column-type.ts'
import { formatDuration } from '../../timeline/duration.ts'
import { requestSchema } from './json-schemas.ts'

/** Everything that the definitions say, for people and tools. Plain JSON. */
export function catalogue(model: Model) {
  return {
    sources: [...model.sources.values()].map(sourceEntry),
    entities: [...model.entities.values()].map(entityEntry),
    groups: [...model.groups.values()].map(groupEntry),
    features: [...model.groups.values()].flatMap((group) => group.features.map(featureEntry)),
    services: [...model.services.values()].map(serviceEntry),
  }
}

function described({ description, owner, tags }: Described) {
  return { description: description ?? null, owner: owner ?? null, tags: tags ?? [] }
}

function sourceEntry(source: SourceModel) {
  const named = (column: number | null) => (column === null ? null : source.columns[column]!.name)
  return {
    name: source.name,
    ...described(source),
    columns: source.columns.map(columnEntry),
    id: named(source.id),
    time: named(source.time),
    version: named(source.version),
    deleted: named(source.deleted),
    outcome: source.outcome.map(named),
    stream: source.streamed ? { topic: source.topic } : null,
    archive: source.archive === null ? null : { table: source.archive.table, precision: source.precision },
  }
}

function columnEntry({ name, type, nullable, archiveName }: SourceColumn) {
  return { name, ...typeEntry(type), nullable, archive_name: archiveName }
}

function typeEntry(type: ColumnType) {
  return {
    type: type.kind,
    ...(type.kind === 'money' ? { scale: type.scale } : {}),
    ...(type.kind === 'enum' ? { values: type.values } : {}),
  }
}

function entityEntry(entity: EntityModel) {
  const key = entity.key.map(({ name, type }) => ({ name, ...typeEntry(type) }))
  return { name: entity.name, ...described(entity), key }
}

function groupEntry(group: GroupModel) {
  const { source, entity, key, retention_ms, fingerprint } = group.timeline
  return {
    name: group.name,
    ...described(group),
    source: source.name,
    entity: entity.name,
    key: key.map((column) => source.columns[column]!.name),
    timeline: fingerprint,
    retention: formatDuration(retention_ms),
    features: group.features.map(({ name }) => name),
  }
}

function featureEntry({ name, group, feature, spec, window_ms, delay_ms, result, timeline, columns }: FeatureModel) {
  const column = timeline.source.columns.find((of) => of.name === spec.column)
  return {
    name,
    group,
    feature,
    source: timeline.source.name,
    entity: timeline.entity.name,
    aggregate: spec.aggregate,
    doc: aggregates.get(spec.aggregate)!.doc,
    column: spec.column,
    params: spec.params,
    per: spec.per === null ? null : { column: spec.per.column, limit: spec.per.limit },
    of: spec.of,
    where: spec.where,
    exclude_current: spec.excludeCurrent,
    window: formatDuration(window_ms),
    delay: delay_ms === 0 ? null : formatDuration(delay_ms),
    window_ms,
    delay_ms,
    type: `${result.map ? 'map of ' : ''}${result.list ? 'list of ' : ''}${result.kind}`,
    unit: unitOf(result.kind, column?.type ?? null),
    // Over nothing; where its key is null or it could not be computed, any feature is null.
    nullable: result.nullable,
    reads: columns.map((of) => timeline.source.columns[of]!.name),
  }
}

function unitOf(kind: FeatureModel['result']['kind'], column: ColumnType | null): string | null {
  if (kind === 'duration_ms') return 'ms'
  if (kind === 'count') return 'count'
  return column?.kind === 'money' ? `minor units, scale ${column.scale}` : null
}

function serviceEntry(service: ServiceModel) {
  return {
    name: service.name,
    ...described(service),
    version: service.version,
    event: service.event?.name ?? null,
    keys: service.keys.map(({ name, type }) => ({ name, ...typeEntry(type) })),
    features: service.features.map(({ name }) => name),
    derived: service.derive.map(({ name }) => name),
    request: requestSchema(service),
  }
}
