import { needsOf } from '../decode.ts'
import type { SourceData, StreamOptions } from '../definition.ts'
import { showValue } from '../event-error.ts'
import { columnNamed, columnNames, isOutcome, schemaColumns } from '../schema-columns.ts'
import { isTopicName } from './names.ts'
import type { Report } from './report.ts'
import { kindsOf } from './topics.ts'

const EXAMPLE = `as where: { kind: 'transfer' }`

/** Checks where a source's new events come from, and how. */
export function checkStream(report: Report, source: SourceData, { topic, where, decode }: StreamOptions): void {
  if (!isTopicName(topic)) {
    const cure = 'use 1 to 249 letters, digits, dots, underscores and hyphens'
    report.at('topic').error(`stream.topic ${showValue(topic)} is not a name of a topic`, cure)
  }
  if (where !== undefined) {
    checkWhere(report.at('where'), source, where)
    const quarantine = isTopicName(topic) ? `${topic}.quarantine.${source.name}` : null
    if (quarantine !== null && !isTopicName(quarantine)) {
      const cure = 'give the topic or the source a shorter name'
      report.at('topic').error(`the topic of its refused events would have ${quarantine.length} characters`, cure)
    }
  }
  if (decode !== undefined) checkDecode(report.at('decode'), source, decode)
}

function checkWhere(report: Report, source: SourceData, where: unknown): void {
  if (typeof where !== 'object' || where === null || Array.isArray(where)) {
    report.error('stream.where is no object', `name one field and what it is, ${EXAMPLE}`)
    return
  }
  const entries = Object.entries(where)
  const [entry] = entries
  if (entry === undefined || entries.length > 1) {
    const fields = entry === undefined ? 'no field' : entries.map(([field]) => `'${field}'`).join(' and ')
    report.error(`stream.where names ${fields}`, `name the one field that tells events of the topic apart, ${EXAMPLE}`)
    return
  }
  const [field, given] = entry
  const values: readonly unknown[] = kindsOf(given as string)
  if (values.length === 0)
    report.error(`stream.where: ${field} is an empty list`, `name at least one value, ${EXAMPLE}`)
  for (const [i, value] of values.entries()) {
    const isKind = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    if (!isKind) {
      report.error(`stream.where: ${field} is ${showValue(value)}`, `write a text, a number, true or false, ${EXAMPLE}`)
    } else if (values.indexOf(value) !== i) {
      report.error(`stream.where: ${field} names ${showValue(value)} twice`, 'name it once')
    }
  }
  if (isOutcome(source, field)) {
    report.error(
      `stream.where looks at '${field}', an outcome, which an event has only later`,
      'name a field that says what kind of event it is',
    )
  }
  for (const option of ['version', 'deleted'] as const) {
    if (source[option] !== field) continue
    report.error(
      `stream.where looks at '${field}', the ${option} of an event, which changes while the event stays`,
      'name a field that says what kind of event it is',
    )
  }
}

function checkDecode(report: Report, source: SourceData, decode: unknown): void {
  if (typeof decode !== 'function') {
    const cure = 'write a function of bytes and context, or debezium()'
    report.error(`stream.decode is ${showValue(decode)}, which is no function`, cure)
    return
  }
  if (decode.constructor.name === 'AsyncFunction') {
    const cure = 'return the rows themselves: what it needs must be there when the definitions are loaded'
    report.error('stream.decode is asynchronous, but messages are read in one go', cure)
  }
  const needs = needsOf(decode)
  for (const role of needs?.roles ?? []) {
    if (source[role] === null)
      report.error(`stream.decode is ${needs!.name}, which needs a ${role} column`, CURES[role])
  }
  for (const column of needs?.columns ?? []) {
    if (schemaColumns(source).has(column)) continue
    const brought = columnNames(source, schemaColumns(source))
    report.error(
      `stream.decode is ${needs!.name}, and names '${column}', which no row brings`,
      `name some of ${brought}`,
    )
  }
  if (needs?.roles.includes('version') && source.version !== null) {
    const kind = columnNamed(source, source.version)?.type.kind
    if (kind === undefined || kind === 'int') return
    report.error(`version '${source.version}' is of type ${kind}, but ${needs.name} numbers versions`, 'write z.int()')
  }
}

const CURES = {
  version: `add one that is z.int(), as version: 'version': it fills the column itself`,
  deleted: `add one that is z.boolean(), as deleted: 'deleted': it fills the column itself`,
} as const
