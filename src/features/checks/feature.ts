import { type AggregateSpec, isAggregate, isWindowed } from '../../timeline/aggregate.ts'
import { aggregates } from '../../timeline/aggregates/index.ts'
import { PER_KEYS_MAX } from '../../timeline/per-fold.ts'
import { quoteValue } from '../../timeline/shown-value.ts'
import type { SourceData } from '../definition.ts'
import { laterThanScored } from '../schema-columns.ts'
import { checkDuration } from './duration.ts'
import { checkColumn, checkFilter } from './filter.ts'
import { checkName } from './names.ts'
import type { Report } from './report.ts'

/** Checks one feature of a group. */
export function checkFeature(report: Report, name: string, feature: unknown, source: SourceData): void {
  checkName(report, 'a feature', name)
  const what = `the feature '${name}'`
  if (isAggregate(feature)) {
    report.error(`${what} has no window`, `end it with .over('7d')`)
    return
  }
  if (!isWindowed(feature)) {
    report.error(`${what} is not a feature`, `write one as count().over('7d')`)
    return
  }
  const { spec } = feature
  checkAggregate(report, what, spec, source)
  if (spec.where !== null) checkFilter(report, what, spec.where, source)
  if (spec.of !== null) checkFilter(report, what, spec.of, source)
  if (spec.per !== null) checkPer(report, what, spec, spec.per, source)
  checkWindows(report, what, spec.windows)
  if (spec.delay !== null) checkDuration(report, `${what} is delayed by`, spec.delay)
}

function checkAggregate(report: Report, what: string, spec: AggregateSpec, source: SourceData): void {
  const aggregate = aggregates.get(spec.aggregate)
  if (aggregate === undefined) {
    report.error(`${what} asks for ${spec.aggregate}(), which is not there`, `use ${[...aggregates.keys()].join(', ')}`)
    return
  }
  const param = aggregate.refuse?.(spec.params) ?? null
  if (param !== null) report.error(`${what} asks for ${param.message}`, param.cure)
  if (spec.source === null || spec.column === null) return
  const read = checkColumn(report, what, { source: spec.source, column: spec.column }, source)
  if (read === null) return
  const asked = `${what} asks for ${aggregate.name}() of ${spec.column}`
  const later = aggregate.readsCurrent ? laterThanScored(source, spec.column) : null
  if (later !== null) {
    const message = `${asked}, ${later}: it is not known of the event being scored`
    report.error(message, 'give it a column that is known by then')
  }
  if (!aggregate.takes.includes(read.type.kind)) {
    report.error(
      `${asked}, which is of type ${read.type.kind}`,
      `give it a column of type ${aggregate.takes.join(', ')}`,
    )
  } else if (read.epoch && aggregate.result(read.type).kind === 'time') {
    const cure = 'use timeSinceLast(), or give the time as z.iso.datetime({ offset: true })'
    report.error(`${asked}, which is a number in the schema, but would be served as ISO 8601`, cure)
  }
}

/** Kinds whose values make keys of a map that people can read. */
const KEY_KINDS: readonly string[] = ['string', 'enum', 'bool', 'int']

function checkPer(
  report: Report,
  what: string,
  spec: AggregateSpec,
  { limit, ...key }: NonNullable<AggregateSpec['per']>,
  source: SourceData,
): void {
  const read = checkColumn(report, what, key, source)
  if (read !== null && !KEY_KINDS.includes(read.type.kind)) {
    const cure = `give it a column of type ${KEY_KINDS.join(', ')}`
    report.error(`${what} is per ${key.column}, which is of type ${read.type.kind}`, cure)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > PER_KEYS_MAX) {
    const cure = `use a whole number from 1 to ${PER_KEYS_MAX}, as .per(${source.name}.${key.column}, { limit: 10 })`
    report.error(`${what} is per ${key.column} with a limit of ${quoteValue(limit)}`, cure)
  }
  if (aggregates.get(spec.aggregate)?.readsCurrent) {
    const message = `${what} asks for ${spec.aggregate}() per ${key.column}, but it is about the event being scored alone`
    report.error(message, `leave .per() out, or filter the others with .where()`)
  }
}

function checkWindows(report: Report, what: string, windows: readonly unknown[]): void {
  if (windows.length === 0) report.error(`${what} has no window`, `name at least one, as .over('7d')`)
  const names = new Map<number, unknown>()
  for (const window of windows) {
    const ms = checkDuration(report, `${what} has the window`, window)
    if (ms === null) continue
    const other = names.get(ms)
    if (other === window) report.error(`${what} has the window '${window}' twice`, 'name it once')
    else if (other !== undefined) {
      report.error(`${what} has the windows '${other}' and '${window}', which are the same`, 'keep one of them')
    }
    names.set(ms, window)
  }
}
