import type { Model } from '../../features/model.ts'
import { describeFeatures } from './describe-features.ts'
import { describeService } from './describe-service.ts'
import { describeSource } from './describe-source.ts'
import { errorResponses } from './error-responses.ts'
import type { JsonSchema, Naming } from './json-schema.ts'
import { jsonAnswer } from './operation.ts'
import { catalogueSchema, HEALTH, READINESS, refusalSchema } from './plain-schemas.ts'

export interface ApiDescription {
  readonly openapi: string
  readonly paths: Readonly<Record<string, JsonSchema>>
  readonly [part: string]: unknown
}

const TAGS = [
  { name: 'services', description: 'Features for a model, by name or as numbers in a declared order.' },
  { name: 'sources', description: 'New events, into the log.' },
  { name: 'features', description: 'What is behind a value.' },
  { name: 'operations', description: 'Definitions and health.' },
]

/**
 * The OpenAPI 3.1 document of a model: one typed path for each source and service. Operations and schemas are named after what they are
 * of, with an ending that is no ending of another, so that the names are unique and stay the same when definitions are added.
 */
export function describeApi(model: Model): ApiDescription {
  const schemas: Record<string, JsonSchema> = {}
  const named: Naming = (name, schema) => {
    schemas[name] = schema
    return { $ref: `#/components/schemas/${name}` }
  }
  const paths: Record<string, JsonSchema> = {}
  for (const source of model.sources.values()) if (source.streamed) Object.assign(paths, describeSource(source, named))
  for (const service of model.services.values()) Object.assign(paths, describeService(service, named))
  if (model.features.size > 0) Object.assign(paths, describeFeatures(model, named))
  Object.assign(paths, describeOperations(named))
  return {
    openapi: '3.1.0',
    info: {
      title: 'millrace',
      version: '1',
      description:
        'Features of the definitions that are served. Every error has a code, a message and, mostly, a cure.',
    },
    // Where this description is: so it holds behind a path prefix as well.
    servers: [{ url: '.' }],
    tags: TAGS,
    paths,
    components: { schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) },
  }
}

function describeOperations(named: Naming): Record<string, JsonSchema> {
  const refusal = refusalSchema(named)
  const get = (operationId: string, summary: string, schema: JsonSchema, more: Record<string, JsonSchema> = {}) => ({
    get: {
      operationId,
      tags: ['operations'],
      summary,
      responses: { 200: jsonAnswer(summary, schema), ...more, ...errorResponses([], refusal) },
    },
  })
  const readiness = named('Readiness', READINESS)
  const unready = {
    ...jsonAnswer('It is not: the reasons say why.', readiness, {
      status: 'not_ready',
      reasons: ['payments: the log cannot be reached'],
    }),
    headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } },
  }
  return {
    '/v1/catalogue': get('get_catalogue', 'Everything that the definitions say.', catalogueSchema(named)),
    '/healthz': get('check_health', 'The process answers.', named('Health', HEALTH)),
    '/readyz': get('check_readiness', 'The process is ready to serve.', readiness, { 503: unready }),
  }
}
