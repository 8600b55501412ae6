import {
  type DefinitionData,
  dataOf,
  type EntityData,
  type GroupData,
  type ServiceData,
  type SourceData,
} from './definition.ts'

/** A file of definitions after it was loaded. */
export interface DefinitionModule {
  /** As problems name it. */
  readonly file: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** A definition and the file that it stands in: the one that exports it, else the first that leads to it. */
export interface Collected<D extends DefinitionData = DefinitionData> {
  readonly file: string
  readonly data: D
}

/** All definitions of some files, each once. */
export interface Definitions {
  readonly sources: readonly Collected<SourceData>[]
  readonly entities: readonly Collected<EntityData>[]
  readonly groups: readonly Collected<GroupData>[]
  readonly services: readonly Collected<ServiceData>[]
}

/**
 * Finds the definitions among the exports of some files, and those which they refer to without exporting them. What is no
 * definition is left alone.
 */
export function collect(modules: readonly DefinitionModule[]): Definitions {
  const found = new Map<object, Collected>()
  const add = (file: string, data: DefinitionData): void => {
    const identity = identityOf(data)
    if (!found.has(identity)) found.set(identity, { file, data })
  }
  for (const { file, exports } of modules) {
    for (const value of Object.values(exports)) {
      const data = dataOf(value)
      if (data !== null) add(file, data)
    }
  }
  // A map is walked in the order of its entries, also of those added on the way: references of references are found.
  for (const { file, data } of found.values()) {
    for (const reference of referencesOf(data)) add(file, reference)
  }
  const all = [...found.values()]
  const ofKind = <K extends DefinitionData['kind']>(kind: K) =>
    all.filter(({ data }) => data.kind === kind) as unknown as Collected<Extract<DefinitionData, { kind: K }>>[]
  return { sources: ofKind('source'), entities: ofKind('entity'), groups: ofKind('group'), services: ofKind('service') }
}

/** What makes two definitions one: an entity is mapped onto sources by `from()` as often as needed, and keeps its key. */
function identityOf(data: DefinitionData): object {
  return data.kind === 'entity' ? data.key : data
}

function referencesOf(data: DefinitionData): DefinitionData[] {
  switch (data.kind) {
    case 'group':
      return [data.source, data.entity, ...replacementsOf(data)]
    case 'service':
      return [
        ...(data.event === null ? [] : [data.event]),
        ...data.features.map((view) => view.group),
        ...replacementsOf(data),
      ]
    default:
      return []
  }
}

/** What replaces something deprecated is there, too. */
function replacementsOf(data: GroupData | ServiceData): DefinitionData[] {
  const whole = data.deprecated?.replacedBy
  const parts =
    data.kind === 'service' ? [] : Object.values(data.deprecatedFeatures).map(({ replacedBy }) => replacedBy)
  return [
    ...(whole === undefined ? [] : [whole]),
    ...parts.flatMap((part) => (typeof part === 'object' ? [part.group] : [])),
  ]
}
