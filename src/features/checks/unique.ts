import { isWindowed } from '../../timeline/aggregate.ts'
import type { Collected, Definitions } from '../collect.ts'
import type { DefinitionData, SourceData } from '../definition.ts'
import type { Problem } from '../problem.ts'
import { servedName } from '../served-name.ts'
import { reportOn } from './report.ts'

/** Checks what may be there once only, over all definitions: names, topics, tables, served names. */
export function checkUnique(problems: Problem[], definitions: Definitions): void {
  const { sources, entities, groups, services } = definitions
  for (const list of [sources, entities, groups, services] as readonly (readonly Collected[])[]) {
    once(
      problems,
      list,
      ({ data }) => data.name,
      (name, other) => [
        `another ${other.data.kind} is called '${name}', in ${other.file}`,
        'give one of them another name',
      ],
    )
  }
  once(
    problems,
    sources,
    ({ data }) => topicOf(data),
    (topic, other) => [
      `its topic '${topic}' is also that of source ${other.data.name}`,
      'give each source a topic of its own, as stream: { topic: ... }',
    ],
  )
  once(
    problems,
    sources,
    ({ data }) => data.archive?.table ?? null,
    (table, other) => [
      `its table '${table}' is also that of source ${other.data.name}`,
      'give each source a table of its own, or a view of it',
    ],
  )
  checkServed(problems, definitions)
}

/** The topic that brings a source's events: a source that names none has one of its own name, for what is sent by hand. */
export function topicOf(source: SourceData): string {
  return source.stream?.topic ?? source.name
}

function once<D extends DefinitionData>(
  problems: Problem[],
  list: readonly Collected<D>[],
  keyOf: (definition: Collected<D>) => string | null,
  tell: (key: string, other: Collected<D>) => readonly [message: string, cure: string],
): void {
  const seen = new Map<string, Collected<D>>()
  for (const definition of list) {
    const key = keyOf(definition)
    if (key === null) continue
    const other = seen.get(key)
    if (other === undefined) seen.set(key, definition)
    else reportOn(problems, definition).error(...tell(key, other))
  }
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
          report.error(`the features '${other}' and '${feature}' are both served as ${name}`, 'rename one of them')
        }
        features.set(name, feature)
      }
    }
  }
}
