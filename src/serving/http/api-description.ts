import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Model, ServiceModel, SourceModel } from '../../features/model.ts'
import { EVENTS_LISTED_MAX } from '../feature-events.ts'
import {
  answerSchema,
  columnSchema,
  INSTANT,
  type JsonSchema,
  messageSchema,
  objectOf,
  requestSchema,
  saidOf,
} from './json-schemas.ts'
import { BATCH_ROWS_MAX } from './service-routes.ts'

type Registry = OpenAPIHono['openAPIRegistry']
type Path = Parameters<Registry['registerPath']>[0]
type Body = NonNullable<NonNullable<Path['request']>['body']>
type Schema = Exclude<Extract<Body['content'][string], { schema?: unknown }>['schema'], undefined>

const ERROR = objectOf({
  error: {
    type: 'object',
    properties: {
      code: { type: 'string' },
      message: { type: 'string' },
      path: { type: 'string', description: 'Where in the request, as keys.card_id.' },
      cure: { type: 'string' },
    },
    required: ['code', 'message'],
  },
})

const REJECTED = objectOf({
  index: { type: 'integer', description: 'The place in the list, from 0; of NDJSON the line, from 0.' },
  code: { type: 'string' },
  column: { type: ['string', 'null'] },
  message: { type: 'string' },
})

/** Describes the routes of a model, one typed path for each source and service, for `/openapi.json`. */
export function describeApi(registry: Registry, model: Model): void {
  for (const source of model.sources.values()) if (source.streamed) registry.registerPath(eventsPath(source))
  for (const service of model.services.values()) {
    const request = component(registry, service, 'request', requestSchema(service))
    const answer = component(registry, service, 'answer', answerSchema(service))
    registry.registerPath(servicePath(service, request, answer))
    registry.registerPath(batchPath(service, request, answer))
  }
  registry.registerPath(featurePath(model))
  registry.registerPath(plain('/v1/catalogue', 'Everything that the definitions say.'))
  registry.registerPath(plain('/healthz', 'The process answers.'))
  registry.registerPath(plain('/readyz', 'The process is ready to serve: 503 with the reasons where it is not.'))
}

function component(registry: Registry, { name }: ServiceModel, what: string, schema: JsonSchema): JsonSchema {
  return registry.registerComponent('schemas', `${name}_${what}`, schema as never).ref as unknown as JsonSchema
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema: schema as Schema } })
const answers = (description: string, schema: JsonSchema) => ({ description, content: json(schema) })
const refused = (description: string) => answers(description, ERROR)

function eventsPath(source: SourceModel): Path {
  const event = messageSchema(source)
  const answer = objectOf({ accepted: { type: 'integer' }, rejected: { type: 'array', items: REJECTED } })
  return {
    method: 'post',
    path: `/v1/sources/${source.name}/events`,
    operationId: `send_${source.name}`,
    tags: ['sources'],
    summary: source.description ?? `Events of ${source.name}.`,
    request: {
      body: {
        required: true,
        content: {
          'application/x-ndjson': { schema: { type: 'string', description: 'An event a line.' } },
          ...json({ anyOf: [{ type: 'array', items: event }, event] }),
        },
      },
    },
    responses: {
      200: answers('What was accepted is durable.', answer),
      413: refused('Too many events, or too many bytes.'),
      415: refused('Another content type.'),
      422: answers('No event was accepted.', { ...answer, required: [], additionalProperties: true }),
      503: refused('The log did not take them: send them again.'),
    },
  }
}

function servicePath(service: ServiceModel, request: JsonSchema, answer: JsonSchema): Path {
  return {
    method: 'post',
    path: `/v1/services/${service.name}`,
    operationId: service.name,
    tags: ['services'],
    summary: service.description ?? `The features of ${service.name}.`,
    ...saidOf('', service.deprecated),
    request: { body: { required: true, content: json(request) } },
    responses: {
      200: answers('The vector.', answer),
      422: refused('The request is wrong.'),
      503: refused('The online store cannot be read: ask again.'),
    },
  }
}

function batchPath(service: ServiceModel, request: JsonSchema, answer: JsonSchema): Path {
  const rows: JsonSchema = { type: 'array', maxItems: BATCH_ROWS_MAX, items: request }
  return {
    method: 'post',
    path: `/v1/services/${service.name}/batch`,
    operationId: `${service.name}_batch`,
    tags: ['services'],
    summary: `Many requests of ${service.name} at once: one bad row does not spoil the others.`,
    ...saidOf('', service.deprecated),
    request: { body: { required: true, content: json(objectOf({ rows })) } },
    responses: {
      200: answers(
        'A vector or an error for each row.',
        objectOf({ rows: { type: 'array', items: { anyOf: [answer, ERROR] } } }),
      ),
      413: refused('Too many rows, or too many bytes.'),
      422: refused('The batch is wrong.'),
      503: refused('The online store cannot be read: ask again.'),
    },
  }
}

function featurePath(model: Model): Path {
  const keys = new Map([...model.entities.values()].flatMap(({ key }) => key.map(({ name, type }) => [name, type])))
  const parts = [...keys].map(([name, type]) => [name, { anyOf: [columnSchema(type), { type: 'null' }] }])
  const properties = {
    keys: { type: 'object', properties: Object.fromEntries(parts), description: "The parts of the feature's key." },
    at: INSTANT,
    limit: { type: 'integer', minimum: 0, maximum: EVENTS_LISTED_MAX },
  }
  const body: JsonSchema = { type: 'object', properties, required: ['keys'], additionalProperties: false }
  return {
    method: 'post',
    path: '/v1/features/{feature}/events',
    operationId: 'feature_events',
    tags: ['features'],
    summary: 'The value of a feature and the events behind it.',
    parameters: [
      {
        name: 'feature',
        in: 'path',
        required: true,
        schema: { type: 'string', enum: [...model.features.keys()] },
      },
    ],
    request: { body: { required: true, content: json(body) } },
    responses: {
      200: answers('The value, its window and its events, newest first.', { type: 'object' }),
      404: refused('There is no such feature.'),
      422: refused('The request is wrong.'),
      503: refused('The online store cannot be read: ask again.'),
    },
  }
}

function plain(path: string, summary: string): Path {
  return {
    method: 'get',
    path,
    operationId: path.split('/').at(-1)!,
    tags: ['operations'],
    summary,
    responses: { 200: answers(summary, { type: 'object' }) },
  }
}
