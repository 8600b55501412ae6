import { meta } from '../features/definition.ts'
import { showValue } from '../features/event-error.ts'
import type { InputOf } from '../features/service-types.ts'
import { type AnyService, compiledService, type Happened } from './compiled-service.ts'
import { parsedEvents } from './parsed-events.ts'
import type { VectorAnswer } from './vector-answer.ts'

/** The event that a service scores. */
export type ScoredBy<X extends AnyService> = InputOf<X> extends { readonly event: infer E } ? E : never

/** What a service is sent beside the event. */
type Rest<X extends AnyService> = Omit<InputOf<X>, 'event' | 'at'>

/** The last argument of `replay`: there must be one where the service is sent more than the event. */
export type RestOf<X extends AnyService, E> =
  Record<never, never> extends Rest<X>
    ? [rest?: Rest<X> | ((event: E) => Rest<X>)]
    : [rest: Rest<X> | ((event: E) => Rest<X>)]

/** An event that was scored as it came, and its answer. */
export interface Replayed<X extends AnyService, E> extends VectorAnswer<X> {
  readonly event: E
}

/** Events that have happened, seen as that which scores the next one. */
export interface Scoring {
  with(events: Happened): Scoring
  has(source: string, id: string, time_ms: number): boolean
  score<X extends AnyService>(service: X, input: unknown): VectorAnswer<X>
}

/** Scores events one after the other. */
export function replayed<X extends AnyService, E>(
  start: Scoring,
  service: X,
  events: readonly E[],
  rest: unknown,
): Replayed<X, E>[] {
  const source = compiledService(service).model.event
  if (source === null)
    throw new TypeError(`replay() needs a service that scores events: ${service[meta].name} does not`)
  const outcome = source.outcome.map((column) => source.columns[column]!.name)
  let scoring = start
  const parsedInOrder = parsedEvents(source.parser, events)
  return events.flatMap((event, i) => {
    const parsed = parsedInOrder[i]!
    const before = scoring
    scoring = before.with({ source: source.name, events: [parsed] })
    if (parsed.deleted || before.has(source.name, parsed.id, parsed.time_ms)) return []
    const sent = Object.entries(event as object).filter(([name]) => !outcome.includes(name))
    const more = typeof rest === 'function' ? (rest as (event: E) => unknown)(event) : rest
    if (more !== undefined && (typeof more !== 'object' || more === null)) {
      throw new TypeError(
        `replay() takes an object of what is sent beside the event, or a function that gives one, not ${showValue(more)}`,
      )
    }
    const input = { ...more, event: Object.fromEntries(sent) }
    return [Object.assign(before.score<X>(service, input), { event })]
  })
}
