import { namesCure } from '../features/nearest-name.ts'
import type { Catalogue, HealthyCatalogue } from '../serving/http/catalogue.ts'
import { UsageError } from './usage-error.ts'

/** What is asked for; null: any. */
export interface Selection {
  readonly tag: string | null
  readonly owner: string | null
  readonly source: string | null
  /** Words, each of which stands somewhere in a name, a description, an owner, a tag or a column that is read. */
  readonly search: string | null
}

export type Entries = HealthyCatalogue
export type Kind = 'feature' | 'derived' | 'group' | 'service' | 'source' | 'entity' | 'column'

/** One definition of the catalogue, or a column of a source, with its kind. */
export type Entry =
  | { readonly kind: 'feature'; readonly entry: Entries['features'][number] }
  | { readonly kind: 'derived'; readonly entry: Catalogue['derived'][number] }
  | { readonly kind: 'group'; readonly entry: Catalogue['groups'][number] }
  | { readonly kind: 'service'; readonly entry: Catalogue['services'][number] }
  | { readonly kind: 'source'; readonly entry: Catalogue['sources'][number] }
  | { readonly kind: 'entity'; readonly entry: Catalogue['entities'][number] }
  | {
      readonly kind: 'column'
      readonly entry: Catalogue['sources'][number]['columns'][number]
      readonly source: string
      /** Those that read a feature of it. */
      readonly services: readonly string[]
    }

/** The part of a catalogue that is asked for. Throws a UsageError for a source, tag or owner that nothing has. */
export function select(all: Entries, { tag, owner, source, search }: Selection): Entries {
  const everything = [...all.sources, ...all.entities, ...all.groups, ...all.services]
  known('--tag', tag, new Set(everything.flatMap((one) => one.tags)))
  known('--owner', owner, new Set(everything.flatMap((one) => (one.owner === null ? [] : [one.owner]))))
  known('--source', source, new Set(all.sources.map(({ name }) => name)))
  const words = search?.toLowerCase().split(/\s+/).filter(Boolean) ?? []
  const of = <T extends Listed>(
    list: readonly T[],
    sources: (one: T) => readonly string[],
    more: (one: T) => readonly string[],
  ) =>
    list.filter(
      (one) =>
        (tag === null || one.tags.includes(tag)) &&
        (owner === null || one.owner === owner) &&
        (source === null || sources(one).includes(source)) &&
        words.every((word) => textOf(one, more(one)).includes(word)),
    )
  return {
    sources: of(
      all.sources,
      ({ name }) => [name],
      ({ columns }) => columns.map(({ name }) => name),
    ),
    entities: of(
      all.entities,
      ({ name }) => all.groups.filter(({ entity }) => entity === name).map((group) => group.source),
      ({ key }) => key.map(({ name }) => name),
    ),
    groups: of(
      all.groups,
      (group) => [group.source],
      (group) => [group.source, group.entity],
    ),
    features: of(
      all.features,
      (feature) => [feature.source],
      (feature) => [feature.aggregate, ...feature.reads],
    ),
    derived: of(
      all.derived,
      ({ reads }) => [
        ...all.features.filter(({ name }) => reads.features.includes(name)).map((feature) => feature.source),
        ...all.sources
          .filter(({ name }) => reads.columns.some((column) => column.startsWith(`${name}.`)))
          .map((one) => one.name),
      ],
      ({ service, reads }) => [service, ...reads.features, ...reads.columns, ...reads.request],
    ),
    services: of(
      all.services,
      ({ name }) => all.sources.filter(({ services }) => services.includes(name)).map((one) => one.name),
      ({ event, derived }) => [event ?? '', ...derived],
    ),
  }
}

interface Listed {
  readonly name: string
  readonly description: string | null
  readonly owner: string | null
  readonly tags: readonly string[]
}

function textOf({ name, description, owner, tags }: Listed, more: readonly string[]): string {
  return [name, description ?? '', owner ?? '', ...tags, ...more].join('\n').toLowerCase()
}

function known(flag: string, value: string | null, names: ReadonlySet<string>): void {
  if (value === null || names.has(value)) return
  throw new UsageError(`${flag}: nothing in the catalogue has '${value}'`, namesCure(value, names))
}

/**
 * Everything of a name: a definition, a served feature, or a column as `payments.amount`; all windows of a feature named without
 * one. Throws a UsageError where there is none.
 */
export function find(all: Entries, name: string): Entry[] {
  const readers = new Map(all.features.map((feature) => [feature.name, feature.services]))
  const columns = all.sources.flatMap((source) =>
    source.columns.map((entry) => ({
      kind: 'column' as const,
      entry,
      source: source.name,
      services: [...new Set(entry.features.flatMap((feature) => readers.get(feature) ?? []))],
    })),
  )
  const found: Entry[] = [
    ...all.features
      .filter((one) => one.name === name || `${one.group}__${one.feature}` === name)
      .map((entry) => ({ kind: 'feature' as const, entry })),
    ...all.derived
      .filter((one) => one.name === name || `${one.service}.${one.name}` === name)
      .map((entry) => ({ kind: 'derived' as const, entry })),
    ...all.groups.filter((one) => one.name === name).map((entry) => ({ kind: 'group' as const, entry })),
    ...all.services.filter((one) => one.name === name).map((entry) => ({ kind: 'service' as const, entry })),
    ...all.sources.filter((one) => one.name === name).map((entry) => ({ kind: 'source' as const, entry })),
    ...all.entities.filter((one) => one.name === name).map((entry) => ({ kind: 'entity' as const, entry })),
    ...columns.filter(({ source, entry }) => `${source}.${entry.name}` === name),
  ]
  if (found.length > 0) return found
  const names = [
    ...[...all.sources, ...all.entities, ...all.groups, ...all.features, ...all.derived, ...all.services].map(
      (one) => one.name,
    ),
    ...columns.map(({ source, entry }) => `${source}.${entry.name}`),
  ]
  throw new UsageError(`there is no '${name}' in the catalogue`, namesCure(name, names, '--search looks for words'))
}
