import type { Described } from '../../features/definition.ts'
import { derivedReads } from '../../features/derived-reads.ts'
import { windowText } from '../../features/feature-text.ts'
import type {
  Deprecation,
  EntityModel,
  FeatureModel,
  GroupModel,
  Model,
  ServiceModel,
  SourceColumn,
  SourceModel,
} from '../../features/model.ts'
import { roleName } from '../../features/served-name.ts'
import type { AggregateDefinition } from '../../timeline/aggregate.ts'
import { aggregates } from '../../timeline/aggregates/index.ts'
import type { ColumnType } from '../../timeline/column-type.ts'
import { formatDuration } from '../../timeline/duration.ts'
import type { FeatureHealth } from '../feature-health.ts'
import { IN_PLACE } from './json-schema.ts'
import { requestSchema } from './service-schemas.ts'

/** Everything that the definitions say, and what reads what, for people and tools. Plain JSON. */
export function catalogue(model: Model) {
  const uses = usesOf(model)
  return {
    sources: [...model.sources.values()].map((source) => sourceEntry(source, uses)),
    entities: [...model.entities.values()].map((entity) => entityEntry(entity, uses)),
    groups: [...model.groups.values()].map((group) => groupEntry(group, uses)),
    features: [...model.features.values()].map((of) => featureEntry(of, model.groups.get(of.group)!, uses)),
    derived: uses.derived,
    services: [...model.services.values()].map(serviceEntry),
  }
}

export type Catalogue = ReturnType<typeof catalogue>

/** The same with how far each feature may be trusted now. */
export function withHealth(described: Catalogue, health: ReadonlyMap<string, FeatureHealth>) {
  return { ...described, features: described.features.map((one) => ({ ...one, ...health.get(one.name)! })) }
}

export type HealthyCatalogue = ReturnType<typeof withHealth>

/** Who reads what, by name. */
interface Uses {
  readonly groups: readonly GroupModel[]
  /** Also those in a role. */
  readonly features: readonly FeatureModel[]
  readonly services: ReadonlyMap<string, readonly string[]>
  readonly scoring: ReadonlyMap<string, readonly string[]>
  readonly derived: readonly ReturnType<typeof derivedEntries>[number][]
}

/** The values that a service derives. Their functions say nothing of themselves: owner and tags are those of the service. */
function derivedEntries(service: ServiceModel) {
  return derivedReads(service).map(({ name, features, event, request, types, nullable }) => ({
    name,
    service: service.name,
    ...described(service),
    description: null,
    deprecated: deprecation(service.deprecated),
    type: types.length === 0 ? null : types.join(' or '),
    nullable,
    reads: {
      features,
      columns: event.map((column) => `${service.event!.name}.${column}`),
      request,
    },
  }))
}

/** The derived values, as `checkout_risk.amount_vs_usual`, for which something is so. */
function derivedOf({ derived }: Uses, reads: (one: Uses['derived'][number]) => boolean): string[] {
  return derived.filter(reads).map(({ service, name }) => `${service}.${name}`)
}

function usesOf({ groups, features, services }: Model): Uses {
  const reading = new Map<string, string[]>()
  const scoring = new Map<string, string[]>()
  const note = (map: Map<string, string[]>, read: string, service: string) =>
    map.set(read, [...new Set([...(map.get(read) ?? []), service])])
  for (const { name, features: all, event } of services.values()) {
    for (const { name: read, group, role } of all) {
      note(reading, read, name)
      // Who reads a feature in a role reads that feature.
      if (role !== null) note(reading, roleName(group, role, read), name)
    }
    if (event !== null) note(scoring, event.name, name)
  }
  const derived = [...services.values()].flatMap(derivedEntries)
  return { groups: [...groups.values()], features: [...features.values()], services: reading, scoring, derived }
}

/** The services that read any of some features. */
function servicesOf(features: readonly FeatureModel[], { services }: Uses): string[] {
  return [...new Set(features.flatMap(({ name }) => services.get(name) ?? []))]
}

function deprecation(said: Deprecation | null) {
  return said && { replaced_by: said.replacedBy, since: said.since, why: said.why }
}

function described({ description, owner, tags }: Described) {
  return { description: description ?? null, owner: owner ?? null, tags: tags ?? [] }
}

function sourceEntry(source: SourceModel, uses: Uses) {
  const groups = uses.groups.filter(({ timeline }) => timeline.source === source)
  const features = uses.features.filter(({ timeline }) => timeline.source === source)
  const named = (column: number | null) => (column === null ? null : source.columns[column]!.name)
  return {
    name: source.name,
    ...described(source),
    columns: source.columns.map((column, number) => ({
      ...columnEntry(column),
      features: features.filter(({ columns }) => columns.includes(number)).map(({ name }) => name),
      groups: groups.filter(({ timeline }) => timeline.key.includes(number)).map(({ name }) => name),
      derived: derivedOf(uses, ({ reads }) => reads.columns.includes(`${source.name}.${column.name}`)),
    })),
    id: named(source.id),
    time: named(source.time),
    version: named(source.version),
    deleted: named(source.deleted),
    outcome: source.outcome.map(named),
    stream: source.streamed ? streamEntry(source) : null,
    archive: source.archive === null ? null : { table: source.archive.table, precision: source.precision },
    groups: groups.map(({ name }) => name),
    services: [...new Set([...servicesOf(features, uses), ...(uses.scoring.get(source.name) ?? [])])],
  }
}

function streamEntry({ topic, where, decoded }: SourceModel) {
  return { topic, ...(where && { where: { [where.field]: where.values } }), ...(decoded && { decoded }) }
}

function columnEntry({ name, type, nullable, archiveName }: SourceColumn) {
  const computed = type.version ?? null
  // No event and no table brings what is computed.
  return { name, ...typeEntry(type), nullable, archive_name: computed === null ? archiveName : null, computed }
}

function typeEntry(type: ColumnType) {
  return {
    type: type.kind,
    ...(type.kind === 'money' ? { scale: type.scale } : {}),
    ...(type.kind === 'enum' ? { values: type.values } : {}),
  }
}

function entityEntry(entity: EntityModel, uses: Uses) {
  const groups = uses.groups.filter(({ timeline }) => timeline.entity === entity)
  const key = entity.key.map(({ name, type }) => ({ name, ...typeEntry(type) }))
  return {
    name: entity.name,
    ...described(entity),
    key,
    groups: groups.map(({ name }) => name),
    services: servicesOf(
      groups.flatMap((group) => group.features),
      uses,
    ),
  }
}

function groupEntry(group: GroupModel, uses: Uses) {
  const { source, entity, key, retention_ms, fingerprint } = group.timeline
  return {
    name: group.name,
    ...described(group),
    deprecated: deprecation(group.deprecated),
    source: source.name,
    entity: entity.name,
    key: key.map((column) => source.columns[column]!.name),
    timeline: fingerprint,
    retention: formatDuration(retention_ms),
    features: group.features.map(({ name }) => name),
    services: servicesOf(group.features, uses),
  }
}

function featureEntry(served: FeatureModel, of: GroupModel, uses: Uses) {
  const { name, group, role, feature, spec, window_ms, delay_ms, result, timeline, columns } = served
  const column = timeline.source.columns.find((of) => of.name === spec.column)
  return {
    name,
    group,
    role,
    feature,
    ...described(of),
    description: spec.description ?? null,
    deprecated: deprecation(served.deprecated),
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
    window: windowText(spec, window_ms),
    delay: spec.delay,
    window_ms,
    delay_ms,
    type: `${result.map ? 'map of ' : ''}${result.list ? 'list of ' : ''}${result.kind}`,
    unit: unitOf(result.kind, column?.type ?? null, aggregates.get(spec.aggregate)!.unit ?? null),
    // Over nothing; where its key is null or it could not be computed, any feature is null.
    nullable: result.nullable,
    empty: result.map === true ? {} : aggregates.get(spec.aggregate)!.empty,
    reads: columns.map((column) => timeline.source.columns[column]!.name),
    derived: derivedOf(uses, ({ reads }) => reads.features.includes(name)),
    services: uses.services.get(name) ?? [],
    timeline: timeline.fingerprint,
  }
}

function unitOf(
  kind: FeatureModel['result']['kind'],
  column: ColumnType | null,
  of: AggregateDefinition['unit'] | null,
): string | null {
  if (kind === 'duration_ms') return 'ms'
  if (kind === 'count') return 'count'
  if (column?.kind !== 'money' || of === 'none') return null
  return `minor units${of === null ? '' : ` ${of}`}, scale ${column.scale}`
}

/** For whom a service reads groups in roles: which parts of the key come from where. */
function rolesOf({ features, timelines }: ServiceModel) {
  return timelines.flatMap(({ timeline, key, slots }) => {
    const names = new Map(slots.map((slot) => [features[slot]!.role, features[slot]!.group]))
    const keys = timeline.entity.key.map((part, i) => {
      const { from, name } = key[i]!
      return { key: part.name, from, name }
    })
    return [...names].flatMap(([role, group]) => (role === null ? [] : [{ name: role, group, keys }]))
  })
}

function serviceEntry(service: ServiceModel) {
  return {
    name: service.name,
    ...described(service),
    deprecated: deprecation(service.deprecated),
    version: service.version,
    event: service.event?.name ?? null,
    keys: service.keys.map(({ name, type }) => ({ name, ...typeEntry(type) })),
    features: service.features.map(({ name }) => name),
    roles: rolesOf(service),
    derived: service.derive.map(({ name }) => name),
    request: requestSchema(service, IN_PLACE),
  }
}
