import { durationMs } from '../timeline/duration.ts'
import { kindsOf, topicOf } from './checks/topics.ts'
import type { ColumnReading } from './column-types.ts'
import { readColumn } from './column-types.ts'
import { ColumnFunctions, type ComputedReading, computingParser } from './computed-columns.ts'
import type { Described, EntityData, SourceData } from './definition.ts'
import { EventError, showValue } from './event-error.ts'
import { eventParser } from './event-parser.ts'
import { messageReader } from './message-reader.ts'
import type { EntityModel, EventParser, KeyModel, SourceColumn, SourceModel, SourceWhere } from './model.ts'
import { computedColumns, schemaColumns } from './schema-columns.ts'
import { valueReader } from './value-reader.ts'

/** The part of a definition that is for people. */
export function describedOf({ description, owner, tags }: Described): Described {
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(tags === undefined ? {} : { tags }),
  }
}

/** Looks up every name of a checked source, and compiles its parser. `keys`: its columns that key some entity. */
export function sourceModel(source: SourceData, keys: readonly string[]): SourceModel {
  const readings = [...schemaColumns(source)].map(([name, reading]) => ({ name, ...(reading as ColumnReading) }))
  const names = readings.map((column) => column.name)
  const numberOf = (name: string) => names.indexOf(name)
  const maybe = (name: string | null) => (name === null ? null : numberOf(name))
  const { archive } = source
  const roles = {
    id: numberOf(source.id),
    time: numberOf(source.time),
    version: maybe(source.version),
    deleted: maybe(source.deleted),
    outcome: source.outcome.map(numberOf).sort((a, b) => a - b),
    precision: archive?.precision ?? 'ms',
  } as const
  const stamps = [roles.version, roles.deleted].filter((column) => column !== null)
  const notYetKnown = [...new Set([...roles.outcome, ...stamps])]
  const topic = topicOf(source)
  const where = whereOf(source)
  const decode = source.stream?.decode ?? null
  const times = readings.flatMap(({ name, type, epoch }) =>
    type.kind === 'time' ? [[name, epoch ? 'epoch' : 'iso'] as const] : [],
  )
  const context = Object.freeze({
    ...{ id: source.id, time: source.time, version: source.version, deleted: source.deleted },
    keys: Object.freeze([...new Set(keys)]),
    columns: Object.freeze(names),
    times: Object.freeze(Object.fromEntries(times)),
  })
  const raw = readings.map(
    ({ name, type, nullable, epoch }): SourceColumn => ({
      name,
      type,
      nullable,
      ...(epoch ? { epoch } : {}),
      archiveName: archive?.columns?.[name] ?? name,
    }),
  )
  const made = [...computedColumns(source).values()] as ComputedReading[]
  const computed = made.length === 0 ? null : new ColumnFunctions(raw, notYetKnown, made, roles.precision)
  const rawParser = eventParser({ source: source.name, columns: readings, ...roles, where })
  const parser = computed === null ? rawParser : computingParser(rawParser, computed)
  const messagesBy = (by: EventParser) =>
    messageReader({ source: source.name, topic, parser: by, where, decode, context })
  return {
    name: source.name,
    ...describedOf(source),
    columns: [...raw, ...made.map(({ name, type, nullable }) => ({ name, type, nullable, archiveName: name }))],
    raw,
    computed,
    ...roles,
    notYetKnown,
    schema: source.schema,
    topic,
    archive:
      archive === null
        ? null
        : { table: archive.table, lag_ms: archive.lag === undefined ? null : durationMs(archive.lag) },
    streamed: source.stream !== null,
    parser,
    messages: messagesBy(parser),
    rawParser,
    rawMessages: messagesBy(rawParser),
    where,
    decoded: decode !== null,
  }
}

function whereOf({ stream }: SourceData): SourceWhere | null {
  const [entry] = Object.entries(stream?.where ?? {})
  if (entry === undefined) return null
  const [field, values] = entry
  return { field, values: kindsOf(values) }
}

/** Compiles the key of a checked entity. */
export function entityModel(entity: EntityData): EntityModel {
  return {
    name: entity.name,
    ...describedOf(entity),
    key: Object.entries(entity.key).map(([name, schema]) => keyModel(name, readColumn(schema) as ColumnReading)),
  }
}

function keyModel(name: string, reading: ColumnReading): KeyModel {
  const { type, leaf } = reading
  const reader = valueReader({ type, leaf, epoch: false, precision: 'ms' })
  return {
    name,
    type,
    parse(value) {
      const missing = value === undefined || value === null
      const known = missing ? undefined : reader.read(value)
      if (known !== undefined) return known
      const shown = showValue(value)
      const { code, text, cure } = missing
        ? ({ code: 'EVENT_MISSING', text: `the key needs a value`, cure: 'send it' } as const)
        : reader.refusal(value)
      const message = missing ? `${name} is missing: ${text}` : `${name}: ${shown} ${text}`
      throw new EventError([{ code, column: name, value: value === undefined ? null : shown, message, cure }])
    },
    named: (other) => keyModel(other, reading),
  }
}
