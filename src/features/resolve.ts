import { checkDefinitions } from './check.ts'
import { reportOn } from './checks/report.ts'
import { checkRowSize } from './checks/row-size.ts'
import type { Definitions } from './collect.ts'
import type { SourceData } from './definition.ts'
import type { Model } from './model.ts'
import { DefinitionError, type Problem } from './problem.ts'
import { resolveGroups } from './resolve-group.ts'
import { serviceModel } from './resolve-service.ts'
import { entityModel, sourceModel } from './resolve-source.ts'
import { schemaColumns } from './schema-columns.ts'

/** Checks definitions and looks every name up. The model is null where a problem is an error. */
export function resolve(definitions: Definitions): {
  readonly model: Model | null
  readonly problems: readonly Problem[]
} {
  const problems = checkDefinitions(definitions)
  if (hasError(problems)) return { model: null, problems }
  const sources = new Map(
    definitions.sources.map(({ data }) => [data.name, sourceModel(data, keysOf(data, definitions))]),
  )
  const entities = new Map(definitions.entities.map(({ data }) => [data.name, entityModel(data)]))
  const { groups, timelines } = resolveGroups(
    definitions.groups.map(({ data }) => data),
    sources,
    entities,
  )
  for (const timeline of timelines.values()) {
    const source = definitions.sources.find(({ data }) => data.name === timeline.source.name)!
    checkRowSize(reportOn(problems, source), timeline)
  }
  const services = new Map(
    definitions.services.map((service) => [
      service.data.name,
      serviceModel(service.data, groups, sources, reportOn(problems, service)),
    ]),
  )
  const inRoles = [...services.values()].flatMap((service) => service.features.filter(({ role }) => role !== null))
  const features = new Map(
    [...[...groups.values()].flatMap((group) => group.features), ...inRoles].map((served) => [served.name, served]),
  )
  const model = { sources, entities, groups, services, features, timelines }
  return { model: hasError(problems) ? null : model, problems }
}

/** The model of definitions. Throws a DefinitionError that lists every error. */
export function resolveModel(definitions: Definitions): Model {
  const { model, problems } = resolve(definitions)
  if (model === null) throw new DefinitionError(problems.filter(({ severity }) => severity === 'error'))
  return model
}

/** The columns of a source that key some entity; where a computed one does, all that its function may read. */
function keysOf(source: SourceData, { groups }: Definitions): string[] {
  const keys = groups.flatMap(({ data }) => (data.source === source ? Object.values(data.entity.columns) : []))
  const brought = keys.filter((name) => !Object.hasOwn(source.compute, name))
  return brought.length === keys.length ? keys : [...brought, ...columnsThatStay(source)]
}

/** What a computed key can be made of. Versions and tombstones change with every copy, and say nothing of where the event is. */
function columnsThatStay(source: SourceData): string[] {
  const others = new Set([source.version, source.deleted, ...source.outcome])
  return [...schemaColumns(source).keys()].filter((name) => !others.has(name))
}

function hasError(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error')
}
