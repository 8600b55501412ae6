import { ENUM_VALUES_MAX } from '../../timeline/row-schema.ts'
import { quoteValue, showValue } from '../../timeline/shown-value.ts'
import { type ColumnReading, isRefusal } from '../column-types.ts'
import type { ArchiveOptions, SourceData } from '../definition.ts'
import { columnNamed, columnNames, computedColumns, schemaColumns } from '../schema-columns.ts'
import { definitionOf, type Refusal } from '../zod-definition.ts'
import { checkDescribed } from './described.ts'
import { checkDuration } from './duration.ts'
import { checkColumnName, checkName, isArchiveName, isArchiveReserved, isTableName } from './names.ts'
import { checkOptions } from './options.ts'
import type { Report } from './report.ts'
import { checkStream } from './stream.ts'

/** Most columns of a source, computed ones too: far above any real one, and a line of every row that is parsed. */
const COLUMNS_MAX = 1_000

/** The columns with a part to play, and the types that can. */
interface Role {
  readonly option: 'id' | 'time' | 'version' | 'deleted'
  readonly takes: readonly ColumnReading['type']['kind'][]
  readonly cure: string
  readonly nullWhy: string
}

const ROLES: readonly Role[] = [
  {
    option: 'id',
    takes: ['string', 'int'],
    cure: 'write z.string(), or z.int() where it stays below 2^53',
    nullWhy: 'an event without an id cannot be told from another',
  },
  {
    option: 'time',
    takes: ['time'],
    cure: 'write z.iso.datetime({ offset: true }), or z.int() for epoch milliseconds',
    nullWhy: 'an event without a time is in no window',
  },
  {
    option: 'version',
    takes: ['int', 'time'],
    cure: 'write z.int() or z.iso.datetime({ offset: true })',
    nullWhy: 'of two copies without a version none is the newer',
  },
  {
    option: 'deleted',
    takes: ['bool'],
    cure: 'write z.boolean()',
    nullWhy: 'an event is either deleted or not',
  },
]

/** Checks one source by itself. */
export function checkSource(report: Report, source: SourceData): void {
  checkName(report, 'a source', source.name)
  checkDescribed(report, source)
  checkOptions(report, source)
  checkSchema(report.at('schema'), source)
  checkCompute(report.at('compute'), source)
  const roles = ROLES.flatMap((role) => checkRole(report.at(role.option), source, role))
  for (const [i, column] of roles.entries()) {
    if (roles.indexOf(column) !== i) {
      report.error(`'${column}' is named twice among id, time, version and deleted`, 'give each a column of its own')
    }
  }
  checkOutcome(report.at('outcome'), source)
  checkDuration(report.at('lookback'), 'lookback is', source.lookback)
  if (source.stream !== null) checkStream(report.at('stream'), source, source.stream)
  if (source.archive !== null) checkArchiveOptions(report.at('archive'), source, source.archive)
}

function checkSchema(report: Report, source: SourceData): void {
  const def = source.schema._zod.def
  const plain = 'write z.object({ ... })'
  if (def.catchall !== undefined) {
    report.error('the schema is strict, loose or has a catchall, but columns that it does not name are ignored', plain)
  }
  if ((definitionOf(source.schema).checks ?? []).length > 0) {
    report.error('the schema has a check on whole events, as .refine(), which the archive cannot judge', plain)
  }
  const columns = schemaColumns(source)
  const computed = computedColumns(source)
  const count = columns.size + computed.size
  if (count > COLUMNS_MAX) {
    const all = computed.size === 0 ? '' : `, and ${computed.size} more are computed`
    report.error(`the schema has ${columns.size} columns${all}`, `use at most ${COLUMNS_MAX}`)
  }
  for (const [name, column] of columns) checkColumn(report.at(name), name, column)
}

/** Checks one column of the schema, or one that is computed. */
function checkColumn(report: Report, name: string, column: ColumnReading | Refusal): void {
  checkColumnName(report, 'a column', name)
  if (isRefusal(column)) report.error(`${name} is ${column.refused}, which ${column.why}`, column.cure)
  else if (column.type.kind === 'enum') checkEnum(report, name, column.type.values)
}

/** Checks what is said of computed columns. */
function checkCompute(report: Report, source: SourceData): void {
  const schema = schemaColumns(source)
  for (const [name, column] of computedColumns(source)) {
    const part = report.at(name)
    checkColumn(part, name, column)
    if (schema.has(name)) {
      part.error(`compute names '${name}', which the schema has already`, 'give the computed column another name')
    }
    const { version } = source.compute[name]!
    if (Number.isSafeInteger(version) && version >= 1) continue
    const cure = 'begin with 1, and raise it whenever of() gives other values'
    part.at('version').error(`compute.${name} has the version ${showValue(version)}`, cure)
  }
}

function checkEnum(report: Report, name: string, values: readonly string[]): void {
  if (values.length === 0) report.error(`${name} is an enum without values`, `write z.enum(['a', 'b'])`)
  if (values.length > ENUM_VALUES_MAX) {
    report.error(`${name} is an enum of ${values.length} values`, `use at most ${ENUM_VALUES_MAX}, or z.string()`)
  }
  if (values.includes('')) {
    report.error(
      `${name} is an enum with an empty text, which means null in a CSV file`,
      'name it, or write .nullable()',
    )
  }
  if (!values.every((value) => value.isWellFormed())) {
    report.error(`${name} is an enum with a text that is not Unicode`, 'leave half surrogate pairs out')
  }
}

/** Answers the column of the role, where it has one. */
function checkRole(report: Report, source: SourceData, { option, takes, cure, nullWhy }: Role): string[] {
  const name = source[option]
  if (name === null) return []
  const columns = schemaColumns(source)
  if (typeof name !== 'string' || !columns.has(name)) {
    const message = `${option} is ${showValue(name)}, which is ${notBrought(source, name)}`
    report.error(message, `name one of ${columnNames(source, columns)}`)
    return []
  }
  const column = columnNamed(source, name, columns)
  if (column === null) return [name]
  if (column.type.kind === 'double' && option !== 'deleted') {
    report.error(`${option} '${name}' is z.number(), which can pass 2^53 and have decimals`, cure)
  } else if (!takes.includes(column.type.kind)) {
    report.error(`${option} '${name}' is of type ${column.type.kind}`, cure)
  }
  if (column.nullable) {
    report.error(`${option} '${name}' may be null, but ${nullWhy}`, 'leave .nullable() and .optional() out')
  }
  return [name]
}

/** What a name is that is none of the columns that events bring. */
function notBrought(source: SourceData, name: string): string {
  return computedColumns(source).has(name) ? 'computed: no event brings it' : 'no column'
}

function checkOutcome(report: Report, source: SourceData): void {
  if (!Array.isArray(source.outcome)) {
    report.error('outcome is not a list', `write the names of columns, as outcome: ['status']`)
    return
  }
  const columns = schemaColumns(source)
  const seen = new Set<string>()
  for (const name of source.outcome) {
    if (!columns.has(name)) {
      const message = `outcome names ${quoteValue(name)}, which is ${notBrought(source, name)}`
      report.error(message, `name some of ${columnNames(source, columns)}`)
    }
    if (seen.has(name)) report.error(`outcome names ${quoteValue(name)} twice`, 'name it once')
    seen.add(name)
    for (const option of ['id', 'time', 'version'] as const) {
      if (source[option] !== name) continue
      report.error(
        option === 'version'
          ? `outcome names '${name}', the version of the event, which is null while it is scored in any case`
          : `outcome names '${name}', the ${option} of the event, which is known when it is scored`,
        'leave it out',
      )
    }
  }
  if (seen.size > 0 && source.version === null) {
    report.warning(
      'it has outcomes but no version: when an event comes again with its outcome, neither copy is the newer one',
      `name a column that grows with each copy, as version: 'updated_at'`,
    )
  }
}

function checkArchiveOptions(report: Report, source: SourceData, archive: ArchiveOptions): void {
  const { table, columns = {}, lag, precision } = archive
  const brought = schemaColumns(source)
  if (!isTableName(table)) {
    const cure = `use letters, digits and underscores, as 'payments_auth' or 'fraud.payments_auth'`
    report.at('table').error(`archive.table ${showValue(table)} is not a name of a table`, cure)
  }
  if (lag !== undefined) checkDuration(report.at('lag'), 'archive.lag is', lag)
  if (precision !== undefined && precision !== 'ms' && precision !== 's') {
    report.at('precision').error(`archive.precision is ${showValue(precision)}`, `write 'ms' or 's'`)
  }
  for (const [name, archived] of Object.entries(columns)) {
    if (!brought.has(name)) {
      const message = `archive.columns maps '${name}', which is ${notBrought(source, name)}`
      report.at('columns', name).error(message, `map some of ${columnNames(source, brought)}`)
    } else if (!isArchiveName(archived) || isArchiveReserved(archived)) {
      const cure = 'use letters, digits and underscores; _origin, _sequence and _arrived_ms are taken'
      report
        .at('columns', name)
        .error(`archive.columns maps '${name}' to ${showValue(archived)}, which cannot be a column`, cure)
    }
  }
  const users = new Map<string, string>()
  for (const name of brought.keys()) {
    const archived = columns[name] ?? name
    const user = users.get(archived)
    if (user !== undefined) {
      report.error(
        `the columns '${user}' and '${name}' are both '${archived}' in the archive`,
        'map them to two columns',
      )
    }
    users.set(archived, name)
  }
}
