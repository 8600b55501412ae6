import type { SourceModel } from '../../features/model.ts'
import { messageSchema } from './column-schemas.ts'
import { BODY_ERRORS, errorResponses } from './error-responses.ts'
import { EVENTS_MAX } from './event-list.ts'
import type { Naming } from './json-schema.ts'
import { type JsonSchema, listOf } from './json-schema.ts'
import { jsonAnswer, jsonContent } from './operation.ts'
import { intakeRefusalSchema, intakeSchema, refusalSchema } from './plain-schemas.ts'
import { exampleOf } from './schema-example.ts'

/** The path that takes the events of a source. */
export function describeSource(source: SourceModel, named: Naming): Record<string, JsonSchema> {
  const event = named(`${source.name}_event`, messageSchema(source))
  const example = eventExample(source)
  const ndjson = {
    schema: { type: 'string', description: 'An event a line, each as JSON.' },
    ...(example === null ? {} : { example: `${JSON.stringify(example)}\n` }),
  }
  const list = {
    ...listOf(event),
    maxItems: EVENTS_MAX,
    description: 'A list of events; one event alone is taken too.',
  }
  const taken = { accepted: 1, rejected: [] }
  const codes = [...BODY_ERRORS, 'EVENTS_REJECTED', 'INTAKE_FAILED'] as const
  const post = {
    operationId: `send_${source.name}_events`,
    tags: ['sources'],
    summary: source.description ?? `Events of ${source.name}.`,
    description:
      'Puts events into the log, and answers when they are durable. Events that are refused are named by their place and do not hinder ' +
      'the others; sent again, an event counts once.',
    requestBody: {
      required: true,
      content: {
        ...jsonContent(list, example === null ? undefined : [example]),
        'application/x-ndjson': ndjson,
      },
    },
    responses: {
      200: jsonAnswer('What was accepted is durable.', intakeSchema(named), example === null ? undefined : taken),
      ...errorResponses(codes, refusalSchema(named), { 422: intakeRefusalSchema(named) }),
    },
  }
  return { [`/v1/sources/${source.name}/events`]: { post } }
}

/** An event that the source takes; null where none was found. */
function eventExample(source: SourceModel): unknown {
  const event = exampleOf(messageSchema(source), source.name)
  try {
    source.rawMessages.readSent(new TextEncoder().encode(JSON.stringify(event)))
    return event
  } catch {
    return null
  }
}
