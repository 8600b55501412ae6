import type { ServiceModel } from '../../features/model.ts'
import { vectorRefusal } from '../vector-form.ts'
import { eventSchema, INSTANT, INTEGER, keySchema } from './column-schemas.ts'
import { inputSchema, type JsonSchema, listOf, type Naming, objectOf } from './json-schema.ts'
import { BATCH_ROWS_MAX } from './service-routes.ts'
import { scalarSchema, valueSchema } from './value-schemas.ts'

/** Why a value may not be trusted. */
const STATUS: JsonSchema = { type: 'string', enum: ['stale', 'incomplete', 'missing', 'error'] }

/** What a service is sent. */
export function requestSchema({ name, event, keys, request }: ServiceModel, named: Naming): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  if (event !== null) properties.event = named(`${event.name}_scored`, eventSchema(event, true))
  if (keys.length > 0) {
    const parts = keys.map((part) => [part.name, keySchema(part)])
    properties.keys = named(`${name}_keys`, objectOf(Object.fromEntries(parts)))
  }
  if (request !== null) properties.request = named(`${name}_fields`, inputSchema(request))
  return named(`${name}_request`, objectOf({ ...properties, at: named('Instant', INSTANT) }, ['at']))
}

/** What a service answers by name. */
export function answerSchema(service: ServiceModel, named: Naming): JsonSchema {
  const { name, features, derive } = service
  const values = [
    ...features.map((feature) => [feature.name, valueSchema(feature, named)]),
    ...derive.map((value) => [value.name, { ...scalarSchema(named), description: 'A derived value.' }]),
  ]
  return named(
    `${name}_answer`,
    objectOf({
      ...identity(service),
      as_of: AS_OF,
      features: named(`${name}_features`, objectOf(Object.fromEntries(values))),
      ...trust(named),
    }),
  )
}

/** What a service answers in vector mode; null where it has none. */
export function vectorSchema(service: ServiceModel, named: Naming): JsonSchema | null {
  if (vectorRefusal(service) !== null) return null
  const { name, features, derive } = service
  const count = features.length + derive.length
  const values: JsonSchema = {
    ...listOf({ type: ['number', 'null'], format: 'double' }),
    minItems: count,
    maxItems: count,
    description:
      'In the order of the names. True is 1 and false is 0; an integer past 2^53 is the nearest number; null is null.',
  }
  return named(
    `${name}_vector`,
    objectOf({ ...identity(service), fingerprint: FINGERPRINT, as_of: AS_OF, values, ...trust(named) }),
  )
}

/** The order of the numbers of a vector. */
export const VECTOR_FORM = objectOf({
  service: { type: 'string' },
  version: { type: 'string' },
  fingerprint: { type: 'string', description: 'Hash of the names in their order.' },
  names: listOf({ type: 'string' }),
})

export function batchSchema({ name }: ServiceModel, request: JsonSchema, named: Naming): JsonSchema {
  return named(`${name}_requests`, objectOf({ rows: { ...listOf(request), maxItems: BATCH_ROWS_MAX } }))
}

export function batchAnswerSchema({ name }: ServiceModel, outcomes: readonly JsonSchema[], named: Naming): JsonSchema {
  const row = named(`${name}_outcome`, { oneOf: outcomes, description: 'An answer, or why there is none.' })
  return named(`${name}_answers`, objectOf({ rows: listOf(row) }))
}

const AS_OF: JsonSchema = { ...INTEGER, description: 'The instant that the values are for, in epoch milliseconds.' }
const FINGERPRINT: JsonSchema = { type: 'string', description: 'Of the names, as GET .../vector lists them.' }

function identity({ name, version }: ServiceModel): Record<string, JsonSchema> {
  return {
    service: { type: 'string', enum: [name] },
    version: { type: 'string', description: `Of the definitions; now ${version}.` },
  }
}

function trust(named: Naming): Record<string, JsonSchema> {
  return {
    status: {
      type: 'object',
      additionalProperties: named('ValueStatus', STATUS),
      description: 'Of every value that is not ok, by its name.',
    },
    watermarks: {
      type: 'object',
      additionalProperties: INTEGER,
      description: 'By source: every event that reached the log before this instant is counted. Epoch milliseconds.',
    },
  }
}
