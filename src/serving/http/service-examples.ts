import type { ServiceModel } from '../../features/model.ts'
import { type Answer, AnswerWriter } from '../answer-writer.ts'
import { completeRecord } from '../complete-record.ts'
import { ServicePlan } from '../service-plan.ts'
import { vectorRefusal } from '../vector-form.ts'
import { type VectorAnswer, VectorWriter } from '../vector-writer.ts'
import { EXAMPLE_TIME } from './column-schemas.ts'
import { IN_PLACE } from './json-schema.ts'
import { exampleOf } from './schema-example.ts'
import { requestSchema } from './service-schemas.ts'

/** A request that a service takes, and what it answers while nothing else has happened. */
export interface ServiceExample {
  readonly request: unknown
  readonly answer: Answer
  readonly vector: VectorAnswer | null
}

/**
 * An example of a service, the same each time: the very kernel answers it. Null where no request was found that the service takes, as one
 * of its fields has a form that cannot be guessed: no example is better than a wrong one. A field's own `.meta({ examples })` helps.
 */
export function serviceExample(service: ServiceModel): ServiceExample | null {
  const request = exampleOf(requestSchema(service, IN_PLACE), service.name) as Record<string, unknown>
  // The event says when it was.
  if (service.event !== null) delete request.at
  for (const column of service.event?.notYetKnown ?? []) {
    delete (request.event as Record<string, unknown>)[service.event!.raw[column]!.name]
  }
  const plan = new ServicePlan(service)
  plan.update(
    new Map(service.timelines.map(({ timeline }) => [timeline.fingerprint, completeRecord(timeline)] as const)),
  )
  try {
    const question = plan.requests.read(request)
    const now_ms = question.at_ms ?? question.event?.time_ms ?? Date.parse(EXAMPLE_TIME)
    const watermarks = plan.sources.map(() => now_ms)
    const stored = question.keys.filter((key) => key !== null).map(() => null)
    plan.compute(question, stored, 0, { now_ms, prunes: false, watermarks }, true)
    const answer = new AnswerWriter(plan).object(plan.vector, watermarks)
    const isFit = vectorRefusal(service) === null
    return { request, answer, vector: isFit ? new VectorWriter(plan).object(plan.vector, watermarks) : null }
  } catch {
    // A check that is code, in the schema of `request`, may throw whatever it likes.
    return null
  }
}
