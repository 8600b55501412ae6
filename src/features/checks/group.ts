import type { ColumnType } from '../../timeline/column-type.ts'
import { quoteValue } from '../../timeline/shown-value.ts'
import { isRefusal, readColumn } from '../column-types.ts'
import type { GroupData } from '../definition.ts'
import { columnNamed, columnNames, hasColumn, isOutcome, laterThanScored } from '../schema-columns.ts'
import { checkDeprecated, checkDeprecatedFeatures } from './deprecated.ts'
import { checkDescribed } from './described.ts'
import { checkFeature } from './feature.ts'
import { checkName } from './names.ts'
import { checkOptions } from './options.ts'
import type { Report } from './report.ts'

/** Checks one group: its key against its source, and its features. */
export function checkGroup(report: Report, group: GroupData): void {
  checkName(report, 'a group', group.name)
  checkDescribed(report, group)
  checkOptions(report, group)
  checkDeprecated(report.at('deprecated'), group)
  checkDeprecatedFeatures(report.at('deprecatedFeatures'), group)
  checkKey(report.at('entity'), group)
  const features = Object.entries(group.features as Readonly<Record<string, unknown>>)
  if (features.length === 0)
    report.at('features').error('it has no features', `name at least one, as tx_count: count().over('7d')`)
  for (const [name, feature] of features) checkFeature(report.at('features', name), name, feature, group.source)
}

function checkKey(report: Report, { source, entity }: GroupData): void {
  for (const [key, column] of Object.entries(entity.columns)) {
    const schema = entity.key[key]
    if (schema === undefined) {
      const cure = `map its keys: ${Object.keys(entity.key).join(', ')}`
      report.error(`entity ${entity.name} is mapped by '${key}', which is none of its keys`, cure)
      continue
    }
    if (typeof column !== 'string' || !hasColumn(source, column)) {
      const cure = `map it to one of ${columnNames(source)}, as ${entity.name}.from({ ${key}: 'column' })`
      report.error(
        `source ${source.name} has no column ${quoteValue(column)} for the key of entity ${entity.name}`,
        cure,
      )
      continue
    }
    const later = laterThanScored(source, column)
    if (later !== null) {
      const message = `the key of entity ${entity.name} is the column '${column}', ${later}: it is not known when the event is scored`
      const cure = isOutcome(source, column) ? `take '${column}' out of outcome` : 'map it to another column'
      report.error(message, cure)
    }
    const wanted = readColumn(schema)
    const found = columnNamed(source, column)
    if (isRefusal(wanted) || found === null || sameKeyType(wanted.type, found.type)) continue
    const message =
      `the key '${key}' of entity ${entity.name} is of type ${typeName(wanted.type)}, ` +
      `but the column '${column}' of ${source.name} is of type ${typeName(found.type)}`
    report.error(message, 'give both the same type')
  }
}

/** Whether values of two types make the same keys. How long texts may be is of no account. */
export function sameKeyType(a: ColumnType, b: ColumnType): boolean {
  if (a.kind === 'enum' && b.kind === 'enum') {
    return a.values.length === b.values.length && a.values.every((value) => b.values.includes(value))
  }
  return a.kind === b.kind
}

/** A type as messages name it. */
export function typeName(type: ColumnType): string {
  return type.kind === 'enum' ? `enum (${type.values.join(', ')})` : type.kind
}
