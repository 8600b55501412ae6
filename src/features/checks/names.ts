import type { Report } from './report.ts'

/** Longest name: served names join two of them with windows, and are keys of every answer. */
export const NAME_LENGTH_MAX = 64

/** Words of small letters and digits with single underscores between them: two underscores part a group from its feature. */
const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/** Columns are named as the events name them; what begins with an underscore is millrace's own in the archive. */
const COLUMN = /^[A-Za-z][A-Za-z0-9_]*$/

/** A column of an archive table: what ClickHouse takes without quotes. */
const ARCHIVE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** A table, maybe with its database. */
const TABLE = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/

/** What Kafka takes as the name of a topic. */
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/

/** Columns that millrace adds to the archive tables that it creates. */
const ARCHIVE_RESERVED = new Set(['_origin', '_sequence', '_arrived_ms'])

/** Checks the name of a definition, a feature or a derived value: `what` it names, as `a feature`. */
export function checkName(report: Report, what: string, name: string): void {
  if (name.length > NAME_LENGTH_MAX) {
    report.error(`the name '${name}' has ${name.length} characters`, `use at most ${NAME_LENGTH_MAX}`)
  } else if (!NAME.test(name)) {
    const cure = 'use small letters, digits and single underscores between them, beginning with a letter, as tx_count'
    report.error(`'${name}' cannot be the name of ${what}`, cure)
  }
}

/** Checks the name of a source's column or of a part of an entity's key. */
export function checkColumnName(report: Report, what: string, name: string): void {
  if (name.length > NAME_LENGTH_MAX) {
    report.error(`the name '${name}' has ${name.length} characters`, `use at most ${NAME_LENGTH_MAX}`)
  } else if (!COLUMN.test(name)) {
    const cure = 'use letters, digits and underscores, beginning with a letter (names that begin with _ are reserved)'
    report.error(`'${name}' cannot be the name of ${what}`, cure)
  }
}

export function isArchiveName(name: unknown): boolean {
  return typeof name === 'string' && name.length <= 2 * NAME_LENGTH_MAX && ARCHIVE_NAME.test(name)
}

export function isArchiveReserved(name: string): boolean {
  return ARCHIVE_RESERVED.has(name)
}

export function isTableName(name: unknown): boolean {
  return typeof name === 'string' && name.length <= 4 * NAME_LENGTH_MAX && TABLE.test(name)
}

export function isTopicName(name: unknown): boolean {
  return typeof name === 'string' && TOPIC.test(name)
}
