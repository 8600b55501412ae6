import { sameKeyType, typeName } from './checks/group.ts'
import type { Report } from './checks/report.ts'
import type { GroupView, Role, ServiceData } from './definition.ts'
import { deprecationOf } from './deprecation.ts'
import { canonicalJson, serviceVersion } from './fingerprint.ts'
import type {
  FeatureModel,
  GroupModel,
  KeyModel,
  KeyPart,
  ServiceModel,
  SourceModel,
  TimelineModel,
  TimelineRead,
} from './model.ts'
import { describedOf } from './resolve-source.ts'
import { roleName } from './served-name.ts'

/** Looks up what a checked service reads, and where its keys come from. Tells of keys that no request could give. */
export function serviceModel(
  service: ServiceData,
  groups: ReadonlyMap<string, GroupModel>,
  sources: ReadonlyMap<string, SourceModel>,
  report: Report,
): ServiceModel {
  const event = service.event === null ? null : sources.get(service.event.name)!
  const keys = new Map<string, KeyModel>()
  const features: FeatureModel[] = []
  const reads = new Map<string, TimelineRead & { readonly slots: number[] }>()
  for (const view of service.features) {
    const { timeline, features: served } = groups.get(view.group.name)!
    const key = keyParts(timeline, view.role, event, keys, report)
    const identity = canonicalJson([timeline.fingerprint, key.map(({ from, name }) => [from, name])])
    const read = reads.get(identity) ?? { timeline, key, slots: [] }
    reads.set(identity, read)
    for (const feature of viewed(view, served)) read.slots.push(features.push(feature) - 1)
  }
  const timelines = [...reads.values()]
  const derive = Object.entries(service.derive).map(([name, compute]) => ({ name, compute }))
  return {
    name: service.name,
    ...describedOf(service),
    deprecated: deprecationOf(service.deprecated),
    version: serviceVersion({
      event,
      features,
      roles: rolesOf(service),
      derive: derive.map(({ name }) => name),
      request: service.request,
    }),
    event,
    features,
    timelines,
    keys: [...keys.values()],
    request: service.request,
    derive,
  }
}

/** The features that a view serves, under its names. */
function viewed({ group, picked, role }: GroupView, all: readonly FeatureModel[]): FeatureModel[] {
  const chosen =
    picked === null ? all : picked.map((pick) => all.find(({ name }) => name === `${group.name}__${pick}`)!)
  if (role === null) return [...chosen]
  return chosen.map((feature) => ({
    ...feature,
    name: roleName(role.name, group.name, feature.name),
    role: role.name,
  }))
}

/** By role: for whom it reads which group. */
function rolesOf({ features }: ServiceData): (readonly [role: string, group: string, keys: Role['keys']])[] {
  return features.flatMap(({ group, role }) => (role === null ? [] : [[role.name, group.name, role.keys] as const]))
}

/** Where each part of a timeline's key comes from; what the request must give is added to `keys`. */
function keyParts(
  timeline: TimelineModel,
  role: Role | null,
  event: SourceModel | null,
  keys: Map<string, KeyModel>,
  report: Report,
): KeyPart[] {
  return timeline.entity.key.map((key, part): KeyPart => {
    const name = mappedName(role, key.name) ?? key.name
    const column = eventColumn(timeline, key, part, role, event, report)
    if (column !== null) return { from: 'event', column, name: event!.columns[column]!.name }
    const other = keys.get(name)
    if (other === undefined) keys.set(name, key.named(name))
    else if (!sameKeyType(other.type, key.type)) {
      const types = `${typeName(other.type)} and of type ${typeName(key.type)}`
      report.error(`keys.${name} would have to be of type ${types}`, 'rename the key of one of the entities')
    }
    return { from: 'keys', name, type: key.type }
  })
}

function mappedName(role: Role | null, key: string): string | null {
  return role !== null && Object.hasOwn(role.keys, key) ? role.keys[key]! : null
}

/**
 * The event's column that gives a part of a timeline's key: the one that a role names; else for a timeline of the very event the one that
 * keys it; for another, one of the key's name; if it is known while the event is scored. Null: the request gives it under `keys`.
 */
function eventColumn(
  timeline: TimelineModel,
  key: KeyModel,
  part: number,
  role: Role | null,
  event: SourceModel | null,
  report: Report,
): number | null {
  if (event === null) return null
  const mapped = mappedName(role, key.name)
  if (mapped === null && timeline.source === event) return timeline.key[part]!
  const column = event.columns.findIndex(({ name }) => name === (mapped ?? key.name))
  if (column < 0 || event.notYetKnown.includes(column)) return null
  const { type } = event.columns[column]!
  if (sameKeyType(type, key.type)) return column
  const wanted = `the key '${key.name}' of entity ${timeline.entity.name} is of type ${typeName(key.type)}`
  if (mapped === null) {
    const found = `the event ${event.name} has a column of that name of type ${typeName(type)}`
    report.error(`${wanted}, but ${found}`, 'give both the same type, or rename one')
  } else {
    const found = `role '${role!.name}' takes it from the column '${mapped}' of ${event.name}, of type ${typeName(type)}`
    report.error(`${wanted}, but ${found}`, 'map it to a column of the same type')
  }
  return column
}
