import type { ServiceModel } from '../../features/model.ts'
import { vectorForm, vectorRefusal } from '../vector-form.ts'
import { BODY_ERRORS, errorResponses, QUESTION_ERRORS } from './error-responses.ts'
import type { HttpErrorCode } from './error-table.ts'
import type { JsonSchema, Naming } from './json-schema.ts'
import { jsonAnswer, jsonAnswers, jsonBody } from './operation.ts'
import { refusalSchema } from './plain-schemas.ts'
import { type ServiceExample, serviceExample } from './service-examples.ts'
import {
  answerSchema,
  batchAnswerSchema,
  batchSchema,
  requestSchema,
  VECTOR_FORM,
  vectorSchema,
} from './service-schemas.ts'
import { saidOf } from './value-schemas.ts'

const FORMAT: JsonSchema = {
  name: 'format',
  in: 'query',
  description: 'object: values by name. vector: numbers and nulls in a declared order, for model runtimes.',
  schema: { type: 'string', enum: ['object', 'vector'], default: 'object' },
}

/** The paths that answer a service: one request, a batch, and the order of its numbers where it has such. */
export function describeService(service: ServiceModel, named: Naming): Record<string, JsonSchema> {
  const request = requestSchema(service, named)
  const answer = answerSchema(service, named)
  const vector = vectorSchema(service, named)
  const refusal = refusalSchema(named)
  const example = serviceExample(service)
  const path = `/v1/services/${service.name}`
  const forms = vector === null ? [answer] : [answer, vector]
  const reply = vector === null ? answer : named(`${service.name}_reply`, { oneOf: forms })
  const batch = batchSchema(service, request, named)
  const batchAnswer = batchAnswerSchema(service, [...forms, refusal], named)
  const common = {
    tags: ['services'],
    ...saidOf('', service.deprecated),
    ...(vector === null ? {} : { parameters: [FORMAT] }),
  }
  const one = {
    operationId: `get_${service.name}_features`,
    summary: service.description ?? `The features of ${service.name}.`,
    ...common,
    requestBody: jsonBody(request, example?.request),
    responses: {
      200: jsonAnswers('The answer. `status` names every value that may not be trusted.', reply, formsOf(example)),
      ...errorResponses(questionErrors(service), refusal),
    },
  }
  const many = {
    operationId: `get_${service.name}_features_batch`,
    summary: `Many requests of ${service.name} at once: one bad row does not spoil the others.`,
    ...common,
    requestBody: jsonBody(batch, example === null ? undefined : { rows: [example.request] }),
    responses: {
      200: jsonAnswers('An answer or an error for each row, in their order.', batchAnswer, batchForms(example)),
      ...errorResponses([...BODY_ERRORS, ...QUESTION_ERRORS, ...unfit(service)], refusal),
    },
  }
  return {
    [path]: { post: one },
    [`${path}/batch`]: { post: many },
    ...(vector === null ? {} : { [`${path}/vector`]: { get: describeForm(service, named, refusal) } }),
  }
}

function describeForm(service: ServiceModel, named: Naming, refusal: JsonSchema): JsonSchema {
  const form = named('VectorForm', VECTOR_FORM)
  return {
    operationId: `get_${service.name}_vector_form`,
    tags: ['services'],
    ...saidOf('', service.deprecated),
    summary: `The order of the numbers that ${service.name} answers with format=vector.`,
    responses: {
      200: jsonAnswer('The names, and their fingerprint.', form, vectorForm(service)),
      ...errorResponses([], refusal),
    },
  }
}

/** What a request of this very service can be refused for. */
function questionErrors(service: ServiceModel): HttpErrorCode[] {
  const codes: HttpErrorCode[] = [...BODY_ERRORS, ...QUESTION_ERRORS, ...unfit(service)]
  if (service.event !== null) codes.push('EVENT_SHAPE', 'EVENT_MISSING', 'EVENT_OUTCOME')
  if (service.event !== null || service.keys.length > 0) codes.push('EVENT_TYPE', 'EVENT_VALUE')
  return codes
}

function unfit(service: ServiceModel): HttpErrorCode[] {
  return vectorRefusal(service) === null ? [] : ['VECTOR_UNFIT']
}

function formsOf(example: ServiceExample | null): Record<string, unknown> {
  if (example === null) return {}
  return { object: example.answer, ...(example.vector === null ? {} : { vector: example.vector }) }
}

function batchForms(example: ServiceExample | null): Record<string, unknown> {
  return Object.fromEntries(Object.entries(formsOf(example)).map(([form, answer]) => [form, { rows: [answer] }]))
}
