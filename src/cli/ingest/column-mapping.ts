import type { SourceModel } from '../../features/model.ts'
import { nearestName } from '../../features/nearest-name.ts'
import { CommandError } from '../command-error.ts'
import { shellWord } from '../shell-word.ts'

/** How the columns of a source are found in a file whose names are others. */
export interface ColumnMapping {
  /** The name in the file, by column. */
  readonly names: ReadonlyMap<string, string>
  /** Columns that have one value in every row, as JSON has it, whatever the file says. */
  readonly constants: Readonly<Record<string, unknown>>
}

export const NO_MAPPING: ColumnMapping = { names: new Map(), constants: {} }

/** Where the columns of a source are in a file. */
export interface FileColumns {
  /** By column: its name in the file. Columns that the file lacks are not here. */
  readonly names: ReadonlyMap<string, string>
  /** Names of the file that nothing is read from. */
  readonly unused: readonly string[]
  /**
   * Where events of a source are told from others of its topic by a field that is no column of it: the name of that field in the file.
   * Null: the file has none, and all rows are of the source's kind.
   */
  readonly kind: string | null
  /** What has one value in every row. */
  readonly constants: Readonly<Record<string, unknown>>
}

/** How many of the file's names a message lists. */
const LISTED_MAX = 30

/**
 * Finds the columns of a source among the names of a file: those that are mapped, and the others by the names of the source or by
 * those of its archive table, whichever knows more of the file, as the same name may mean one column here and another there.
 * Throws a CommandError where a mapped or a required one is not there.
 */
export function findColumns(
  file: string,
  source: SourceModel,
  mapping: ColumnMapping,
  names: readonly string[],
): FileColumns {
  checkMapped(file, mapping.names, names)
  const given = new Set(names)
  const open = source.raw.filter(({ name }) => !mapping.names.has(name) && !Object.hasOwn(mapping.constants, name))
  const known = (nameOf: (column: (typeof open)[number]) => string) => open.filter((c) => given.has(nameOf(c))).length
  const byArchive = known((column) => column.archiveName) > known((column) => column.name)
  const field = kindField(source)
  const found = new Map([...mapping.names].filter(([column]) => column !== field))
  for (const { name, archiveName } of open) {
    const own = byArchive ? archiveName : name
    if (given.has(own)) found.set(name, own)
  }
  const isSet = field === null || Object.hasOwn(mapping.constants, field)
  const named = isSet ? null : (mapping.names.get(field) ?? field)
  const kind = named !== null && given.has(named) ? named : null
  const used = new Set([...found.values(), ...(kind === null ? [] : [kind])])
  const unused = names.filter((name) => !used.has(name))
  const missing = open.filter(({ name, nullable }) => !nullable && !found.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    throw new CommandError(
      'FILE_COLUMNS',
      `${file} lacks the columns ${missing.map((name) => `'${name}'`).join(', ')} of ${source.name}`,
      { cure: missingCure(missing, unused) },
    )
  }
  const ofKind = isSet || kind !== null ? {} : { [field]: source.where!.values[0] }
  return { names: found, unused, kind, constants: { ...ofKind, ...mapping.constants } }
}

/** The field that tells a source's events from others of its topic, where it is no column. */
export function kindField({ where, raw }: SourceModel): string | null {
  return where === null || raw.some(({ name }) => name === where.field) ? null : where.field
}

/** The kind of events that a text names: one that is no text is written as one. */
export function kindOf({ where }: SourceModel, text: string): unknown {
  return where?.values.find((value) => String(value) === text) ?? text
}

/** Throws a CommandError where a name that is mapped is not among those of the file. */
export function checkMapped(file: string, mapped: ReadonlyMap<string, string>, names: readonly string[]): void {
  for (const [column, name] of mapped) {
    if (names.includes(name)) continue
    const near = nearestName(name, names)
    throw new CommandError('FILE_COLUMNS', `${file} has no column '${name}', which --map gives for ${column}`, {
      cure: near === null ? `it has ${listed(names)}` : `did you mean '${near}'?`,
    })
  }
}

function missingCure(missing: readonly string[], unused: readonly string[]): string {
  const near = missing.map((name) => [name, nearestName(name, unused)] as const)
  const pairs = near.filter(([, name]) => name !== null).map(([column, name]) => `${column}=${name}`)
  if (pairs.length === missing.length) return `say under which names they are: --map ${shellWord(pairs.join(','))}`
  const example = pairs[0] ?? `${missing[0]}=<name in the file>`
  const rest = unused.length === 0 ? 'no other columns' : listed(unused)
  return `say under which names they are, as --map ${shellWord(example)}: the file has ${rest}`
}

function listed(names: readonly string[]): string {
  const more = names.length > LISTED_MAX ? ` and ${names.length - LISTED_MAX} more` : ''
  return `${names
    .slice(0, LISTED_MAX)
    .map((name) => `'${name}'`)
    .join(', ')}${more}`
}
