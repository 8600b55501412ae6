import { z } from 'zod'
import { deprecationText } from '../../features/deprecation.ts'
import type { Deprecation, FeatureModel, ServiceModel, SourceModel } from '../../features/model.ts'
import type { ResultType } from '../../timeline/aggregate.ts'
import type { ColumnType } from '../../timeline/column-type.ts'

/** A JSON schema, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [keyword: string]: unknown }

const INTEGER_TEXT = '^-?[0-9]+$'
const TIME: JsonSchema = { type: 'string', format: 'date-time' }

export const INSTANT: JsonSchema = {
  anyOf: [{ type: 'integer', description: 'Epoch milliseconds.' }, TIME],
  description: "The instant that the answer is for. Default: the event's time, else now.",
}

/** A zod schema as JSON schema of what may be sent. */
export function inputSchema(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return json as JsonSchema
}

/** The events of a source, all of them or, `scored`, before their outcome is known. */
export function eventSchema(source: SourceModel, scored: boolean): JsonSchema {
  const { properties } = inputSchema(source.schema) as { properties: Readonly<Record<string, JsonSchema>> }
  const columns = source.columns.filter((_, column) => !(scored && source.outcome.includes(column)))
  return {
    type: 'object',
    properties: Object.fromEntries(columns.map(({ name }) => [name, plainTime(properties[name]!)])),
    // Null and absent are one and the same.
    required: columns.filter(({ nullable }) => !nullable).map(({ name }) => name),
  }
}

/** What is sent to a source: an event, with the kind that it is of where several share a topic; or what the source decodes. */
export function messageSchema(source: SourceModel): JsonSchema {
  if (source.decoded) return { description: `A message as ${source.topic} has it.` }
  const event = eventSchema(source, false)
  if (source.where === null) return event
  const { field, values } = source.where
  return {
    ...event,
    properties: { ...(event.properties as object), [field]: { enum: values } },
    required: [...new Set([...(event.required as string[]), field])],
  }
}

/** Zod's pattern of a time says what its format says, in four hundred characters. */
function plainTime(schema: JsonSchema): JsonSchema {
  if (schema.format !== 'date-time') return schema
  const { pattern: _, ...plain } = schema
  return plain
}

/** What a caller sends for a column. */
export function columnSchema(type: ColumnType): JsonSchema {
  switch (type.kind) {
    case 'money':
      return { anyOf: [{ type: 'string' }, { type: 'number' }], description: `At most ${type.scale} decimals.` }
    case 'enum':
      return { type: 'string', enum: type.values }
    case 'time':
      return TIME
    default:
      return { type: { string: 'string', int: 'integer', double: 'number', bool: 'boolean' }[type.kind] }
  }
}

/** What is served for a feature. Any may be null: where its key is, or where it could not be computed. */
export function valueSchema({ result, spec, timeline, deprecated }: FeatureModel): JsonSchema {
  const column = timeline.source.columns.find(({ name }) => name === spec.column)
  const one = oneValue(result, column?.type ?? null)
  const value = result.list ? { type: 'array', items: one } : one
  const served =
    result.map === true
      ? orNull({ type: 'object', additionalProperties: result.nullable ? orNull(value) : value })
      : orNull(value)
  const unit = typeof served.description === 'string' ? served.description : ''
  return { ...served, ...saidOf([spec.description ?? '', unit].join(' ').trim(), deprecated) }
}

/** For people: what it is, and that it should not be read any more. */
export function saidOf(description: string, deprecated: Deprecation | null): JsonSchema {
  const said = deprecated === null ? '' : `${deprecationText(deprecated)}.`.replace(/^d/, 'D')
  const text = [description, said].filter((part) => part !== '').join(' ')
  return { ...(text === '' ? {} : { description: text }), ...(deprecated === null ? {} : { deprecated: true }) }
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema
  return { ...schema, type: [type, 'null'].flat(), ...(values ? { enum: [...(values as string[]), null] } : {}) }
}

function oneValue({ kind }: ResultType, column: ColumnType | null): JsonSchema {
  switch (kind) {
    case 'count':
    case 'duration_ms':
      return { type: 'integer', minimum: 0 }
    case 'bigint':
      return { type: ['integer', 'string'], pattern: INTEGER_TEXT, description: 'A text of digits past 2^53.' }
    case 'int':
    case 'money':
      return { type: 'integer' }
    case 'double':
      return { type: 'number' }
    case 'bool':
      return { type: 'boolean' }
    case 'time':
      return TIME
    case 'enum':
      return column?.kind === 'enum' ? { type: 'string', enum: column.values } : { type: 'string' }
    case 'string':
      return { type: 'string' }
  }
}

/** What a service is sent. */
export function requestSchema({ event, keys, request }: ServiceModel): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  if (event !== null) properties.event = eventSchema(event, true)
  if (keys.length > 0) {
    const parts = keys.map(({ name, type }) => [name, { anyOf: [columnSchema(type), { type: 'null' }] }])
    properties.keys = objectOf(Object.fromEntries(parts))
  }
  if (request !== null) properties.request = inputSchema(request)
  return { ...objectOf(properties), properties: { ...properties, at: INSTANT } }
}

/** What a service answers. */
export function answerSchema({ name, version, features, derive, timelines }: ServiceModel): JsonSchema {
  const derived: JsonSchema = { type: ['number', 'string', 'boolean', 'null'], description: 'A derived value.' }
  const values = [
    ...features.map((feature) => [feature.name, valueSchema(feature)]),
    ...derive.map((value) => [value.name, derived]),
  ]
  const status = { type: 'string', enum: ['stale', 'incomplete', 'missing', 'error'] }
  const sources = [...new Set(timelines.map(({ timeline }) => timeline.source.name))]
  const named = (names: readonly string[], schema: JsonSchema) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((of) => [of, schema])),
    additionalProperties: false,
  })
  return objectOf({
    service: { const: name },
    version: { type: 'string', description: `Of the definitions; now ${version}.` },
    as_of: { type: 'integer', description: 'The instant that the values are for, in epoch milliseconds.' },
    features: objectOf(Object.fromEntries(values)),
    status: {
      ...named(
        values.map(([value]) => value as string),
        status,
      ),
      description: 'Of every value that is not ok.',
    },
    watermarks: {
      ...named(sources, { type: 'integer' }),
      description: 'By source: every event that reached the log before this instant is counted.',
    },
  })
}

/** An object with exactly these properties, all required. */
export function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}
