import { isWindowed } from '../../timeline/aggregate.ts'
import type { Collected, Definitions } from '../collect.ts'
import type { DefinitionData } from '../definition.ts'
import type { Problem } from '../problem.ts'
import { servedName } from '../served-name.ts'
import { reportOn } from './report.ts'
import { checkTopics } from './topics.ts'

/** Checks what may be there once only, over all definitions: names, topics, tables, served names. */
export function checkUnique(problems: Problem[], definitions: Definitions): void {
  const named = <D extends DefinitionData>(list: readonly Collected<D>[]) =>
    once(
      problems,
      list,
      ({ data }) => data.name,
      (name, { file, data }) => [
        `another ${data.kind} is called '${name}', in ${file}`,
        'give one of them another name',
      ],
    )
  named(definitions.entities)
  named(definitions.groups)
  named(definitions.services)
  const sources = named(definitions.sources)
  checkTopics(problems, sources)
  once(
    problems,
    sources,
    ({ data }) => data.archive?.table ?? null,
    (table, { data }) => [
      `its table '${table}' is also that of source ${data.name}`,
      'give each source a table of its own, or a view of it',
    ],
  )
  checkServed(problems, definitions)
  checkRoles(problems, definitions)
}

/** A served name means one thing, in whatever service: a role has no group's name, and is of one group. */
function checkRoles(problems: Problem[], { groups, services }: Definitions): void {
  const known = new Map(groups.map(({ data }) => [data.name, data.name]))
  for (const service of services) {
    const report = reportOn(problems, service).at('features')
    for (const { group, role } of service.data.features) {
      if (role === null) continue
      const other = known.get(role.name)
      if (other === undefined) known.set(role.name, group.name)
      else if (other === role.name) {
        report.error(`role '${role.name}' of ${group.name} has the name of a group`, 'give it another name')
      } else if (other !== group.name) {
        const message = `role '${role.name}' is of ${group.name} here, and of ${other} elsewhere, but its features would have the same names`
        report.error(message, 'give one of them another name')
      }
    }
  }
}

/** Tells of every definition whose key an earlier one has. Answers those whose key is their own, or that have none. */
function once<D extends DefinitionData>(
  problems: Problem[],
  list: readonly Collected<D>[],
  keyOf: (definition: Collected<D>) => string | null,
  tell: (key: string, other: Collected<D>) => readonly [message: string, cure: string],
): Collected<D>[] {
  const seen = new Map<string, Collected<D>>()
  return list.filter((definition) => {
    const key = keyOf(definition)
    if (key === null) return true
    const other = seen.get(key)
    if (other === undefined) seen.set(key, definition)
    else reportOn(problems, definition).error(...tell(key, other))
    return other === undefined
  })
}

function checkServed(problems: Problem[], { groups }: Definitions): void {
  for (const group of groups) {
    const report = reportOn(problems, group)
    const features = new Map<string, string>()
    for (const [feature, value] of Object.entries(group.data.features)) {
      if (!isWindowed(value)) continue
      // The same window twice in one feature is told of the feature.
      for (const window of new Set(value.spec.windows)) {
        const name = servedName(group.data.name, feature, window, value.spec.delay)
        const other = features.get(name)
        if (other !== undefined) {
          report
            .at('features', feature)
            .error(`the features '${other}' and '${feature}' are both served as ${name}`, 'rename one of them')
        }
        features.set(name, feature)
      }
    }
  }
}
