import type { ColumnType } from '../timeline/column-type.ts'
import { formatDuration } from '../timeline/duration.ts'
import { filterText } from './feature-text.ts'
import type { FeatureModel, SourceColumn } from './model.ts'

/** What makes a feature mean what it means, by the name of the part: two features of the same version have the same parts. */
export type FeatureParts = Readonly<Record<string, string>>

/** The parts of a feature, as people read them. What it does without is left out. */
export function featureParts({ timeline, columns, spec, window_ms, delay_ms }: FeatureModel): FeatureParts {
  const { source, entity, key } = timeline
  const { aggregate, column, of, params, where, per, excludeCurrent } = spec
  const name = (number: number): string => source.columns[number]!.name
  const kinds = source.where
  return {
    source: source.name,
    entity: entity.name,
    'key columns': key.map((number) => versioned(source.columns[number]!)).join(', '),
    'id column': name(source.id),
    'time column': name(source.time),
    ...(kinds === null
      ? {}
      : { kinds: `${kinds.field}: ${kinds.values.map((value) => JSON.stringify(value)).join(', ')}` }),
    aggregate: `${aggregate}()`,
    ...(column === null ? {} : { column }),
    ...(Object.keys(params).length === 0 ? {} : { parameters: paramsText(params) }),
    ...(of === null ? {} : { 'share of': filterText(of) }),
    ...(where === null ? {} : { filter: filterText(where) }),
    ...(excludeCurrent ? { 'event being scored': 'left out' } : {}),
    ...(per === null ? {} : { per: `${per.column}, ${per.limit} keys` }),
    window: formatDuration(window_ms),
    ...(delay_ms === 0 ? {} : { delay: formatDuration(delay_ms) }),
    ...Object.fromEntries(columns.flatMap((number) => columnParts(source.columns[number]!))),
  }
}

function versioned({ name, type }: SourceColumn): string {
  return type.version === undefined ? name : `${name} of version ${type.version}`
}

function columnParts({ name, type, nullable }: SourceColumn): [string, string][] {
  const parts: [string, string][] = [[`type of ${name}`, `${typeText(type)}${nullable ? ', or null' : ''}`]]
  if (type.version !== undefined) parts.push([`version of compute.${name}`, String(type.version)])
  return parts
}

function paramsText(params: FeatureModel['spec']['params']): string {
  const entries = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')
}

function typeText(type: ColumnType): string {
  if (type.kind === 'money') return `money at scale ${type.scale}`
  if (type.kind === 'string') return `string of at most ${type.bytesMax} bytes`
  return type.kind === 'enum' ? `enum of ${[...type.values].sort().join(', ')}` : type.kind
}

/** Which parts differ, each in a sentence: `filter: eq(status, "declined") becomes none`. */
export function changedParts(before: FeatureParts, after: FeatureParts): string[] {
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((part) => before[part] !== after[part])
    .map((part) => `${part}: ${before[part] ?? 'none'} becomes ${after[part] ?? 'none'}`)
}
