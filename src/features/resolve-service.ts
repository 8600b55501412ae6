import { sameKeyType, typeName } from './checks/group.ts'
import type { Report } from './checks/report.ts'
import type { ServiceData } from './definition.ts'
import { deprecationOf } from './deprecation.ts'
import { serviceVersion } from './fingerprint.ts'
import type { FeatureModel, GroupModel, KeyModel, KeyPart, ServiceModel, SourceModel, TimelineModel } from './model.ts'
import { describedOf } from './resolve-source.ts'

/** Looks up what a checked service reads, and where its keys come from. Tells of keys that no request could give. */
export function serviceModel(
  service: ServiceData,
  groups: ReadonlyMap<string, GroupModel>,
  sources: ReadonlyMap<string, SourceModel>,
  report: Report,
): ServiceModel {
  const event = service.event === null ? null : sources.get(service.event.name)!
  const features = service.features.flatMap(({ group, picked }): readonly FeatureModel[] => {
    const all = groups.get(group.name)!.features
    return picked === null ? all : picked.map((pick) => all.find(({ name }) => name === `${group.name}__${pick}`)!)
  })
  const keys = new Map<string, KeyModel>()
  const timelines = [...new Set(features.map(({ timeline }) => timeline))].map((timeline) => ({
    timeline,
    key: timeline.entity.key.map((key, part): KeyPart => {
      const column = eventColumn(timeline, key, part, event, report)
      if (column !== null) return { from: 'event', column, name: event!.columns[column]!.name }
      const other = keys.get(key.name)
      if (other === undefined) keys.set(key.name, key)
      else if (!sameKeyType(other.type, key.type)) {
        const types = `${typeName(other.type)} and of type ${typeName(key.type)}`
        report.error(`keys.${key.name} would have to be of type ${types}`, 'rename the key of one of the entities')
      }
      return { from: 'keys', name: key.name, type: key.type }
    }),
  }))
  const derive = Object.entries(service.derive).map(([name, compute]) => ({ name, compute }))
  return {
    name: service.name,
    ...describedOf(service),
    deprecated: deprecationOf(service.deprecated),
    version: serviceVersion({ event, features, derive: derive.map(({ name }) => name), request: service.request }),
    event,
    features,
    timelines,
    keys: [...keys.values()],
    request: service.request,
    derive,
  }
}

/**
 * The event's column that gives a part of a timeline's key: for a timeline of the very event, the one that keys it; for
 * another, one of the key's name, if it is known while the event is scored. Null: the request gives it under `keys`.
 */
function eventColumn(
  timeline: TimelineModel,
  key: KeyModel,
  part: number,
  event: SourceModel | null,
  report: Report,
): number | null {
  if (event === null) return null
  if (timeline.source === event) return timeline.key[part]!
  const column = event.columns.findIndex(({ name }) => name === key.name)
  if (column < 0 || event.outcome.includes(column)) return null
  const { type } = event.columns[column]!
  if (!sameKeyType(type, key.type)) {
    report.error(
      `the key '${key.name}' of entity ${timeline.entity.name} is of type ${typeName(key.type)}, ` +
        `but the event ${event.name} has a column of that name of type ${typeName(type)}`,
      'give both the same type, or rename one',
    )
  }
  return column
}
