import type { FeatureModel, Model } from '../../features/model.ts'
import { EVENTS_LISTED_DEFAULT, EVENTS_LISTED_MAX } from '../feature-events.ts'
import { EXAMPLE_TIME, INSTANT, INTEGER, keySchema } from './column-schemas.ts'
import { BODY_ERRORS, errorResponses, QUESTION_ERRORS } from './error-responses.ts'
import type { Naming } from './json-schema.ts'
import { type JsonSchema, objectOf } from './json-schema.ts'
import { jsonAnswer, jsonBody } from './operation.ts'
import { historySchema, refusalSchema } from './plain-schemas.ts'
import { exampleOf } from './schema-example.ts'

/** The path that explains a value, one for all features: there are too many for a path each. */
export function describeFeatures(model: Model, named: Naming): Record<string, JsonSchema> {
  const [first] = model.features.values()
  const parts = [...model.entities.values()].flatMap(({ key }) =>
    key.map((part) => [part.name, keySchema(part)] as const),
  )
  const keys: JsonSchema = {
    ...objectOf(Object.fromEntries(parts), [...new Set(parts.map(([name]) => name))]),
    description: "The parts of the feature's key, all of them and no others; null for one that is not known.",
  }
  const limit = {
    ...INTEGER,
    minimum: 0,
    maximum: EVENTS_LISTED_MAX,
    default: EVENTS_LISTED_DEFAULT,
    description: 'How many events to list at most.',
  }
  const question = named(
    'HistoryQuestion',
    objectOf({ keys: named('HistoryKeys', keys), at: named('Instant', INSTANT), limit }, ['at', 'limit']),
  )
  const example = questionExample(first!)
  const post = {
    operationId: 'get_feature_history',
    tags: ['features'],
    summary: 'The value of a feature and the events behind it.',
    parameters: [
      {
        name: 'feature',
        in: 'path',
        required: true,
        description: 'A served name, with its window.',
        schema: { type: 'string', enum: [...model.features.keys()] },
        example: first!.name,
      },
    ],
    requestBody: jsonBody(question, example),
    responses: {
      200: jsonAnswer('The value, its window and its events, newest first.', historySchema(named)),
      ...errorResponses(
        [...BODY_ERRORS, ...QUESTION_ERRORS, 'FEATURE_UNKNOWN', 'EVENT_TYPE', 'EVENT_VALUE'],
        refusalSchema(named),
      ),
    },
  }
  return { '/v1/features/{feature}/events': { post } }
}

function questionExample({ timeline }: FeatureModel): object {
  const keys = timeline.entity.key.map((part) => [part.name, exampleOf(keySchema(part), part.name)])
  return { keys: Object.fromEntries(keys), at: EXAMPLE_TIME }
}
