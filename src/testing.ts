import { collect } from './features/collect.ts'
import { dataOf, meta } from './features/definition.ts'
import { EventError } from './features/event-error.ts'
import type { ParsedEvent, SourceModel } from './features/model.ts'
import { resolveModel } from './features/resolve.ts'
import type { InputOf, Service, VectorOf } from './features/service-types.ts'
import type { AnySource } from './features/source.ts'
import type { EventOf } from './features/source-types.ts'
import { servedValue } from './serving/answer-writer.ts'
import { readAt } from './serving/instant.ts'
import { ServicePlan } from './serving/service-plan.ts'
import { ServingError } from './serving/serving-error.ts'
import type { TimelineKey } from './stores/online-store.ts'
import { evolveTimeline, SINCE_EVER_MS, type TimelineRecord } from './stores/timeline-registry.ts'
import { TimelineWriter } from './stores/timeline-writer.ts'

export { EventError } from './features/event-error.ts'
export type { EventOf } from './features/source-types.ts'

type AnyService = Service<string, unknown, unknown>

/** Events that have happened, and the instant that is asked about. Nothing of it changes: each step gives a new one. */
export interface Given {
  /** More events, of this or another source. Throws an {@link EventError} where one is not valid. */
  and<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given
  /** The instant that is asked about, in epoch milliseconds or ISO 8601. Default: the time of the event being scored. */
  at(instant: number | string): Given
  /**
   * The vector that the service would serve: by the very kernel that serves, with no store and no clock, so that it is the same
   * each time. An answer says null where a key is null. Throws an {@link EventError} for a wrong event, an error for a wrong
   * request, and whatever a function of `derive` throws.
   */
  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X>
}

/**
 * Begins a test of features: the events that have happened.
 *
 * ```ts
 * const vector = given(payments, [{ id: 'p1', occurred_at: '2024-05-01T10:00:00Z', card_id: 'c1', amount: 12.34 }])
 *   .at('2024-05-01T11:00:00Z')
 *   .get(cardProfile, { keys: { card_id: 'c1' } })
 * expect(vector.card_velocity__spend_24h).toBe(1234)
 * ```
 */
export function given<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given {
  return new History([], null).and(source, events)
}

/** Valid events of one source. */
interface Happened {
  readonly source: string
  readonly events: readonly ParsedEvent[]
}

class History implements Given {
  readonly #happened: readonly Happened[]
  readonly #at_ms: number | null
  /** Rows of the events by timeline, for each service that was asked. */
  readonly #rows = new WeakMap<CompiledService, ReadonlyMap<TimelineKey, Uint8Array>>()

  constructor(happened: readonly Happened[], at_ms: number | null) {
    this.#happened = happened
    this.#at_ms = at_ms
  }

  and<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given {
    const { name, parser } = sourceOf(source)
    const parsed = events.map((event) => parser.parse(event))
    return new History([...this.#happened, { source: name, events: parsed }], this.#at_ms)
  }

  at(instant: number | string): Given {
    return new History(this.#happened, readAt(instant))
  }

  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X> {
    const compiled = compiledOf(service)
    let rows = this.#rows.get(compiled)
    if (rows === undefined) {
      rows = compiled.rows(this.#happened)
      this.#rows.set(compiled, rows)
    }
    return compiled.answer(rows, input, this.#at_ms) as VectorOf<X>
  }
}

/** A service with timelines that hold everything. */
class CompiledService {
  readonly #plan: ServicePlan
  readonly #records: ReadonlyMap<string, TimelineRecord>

  constructor(service: AnyService) {
    const model = resolveModel(collect([{ file: service[meta].name, exports: { service } }]))
    this.#plan = new ServicePlan(model.services.get(service[meta].name)!, {
      onDeriveFailure(_, error) {
        throw error
      },
    })
    this.#records = new Map(
      this.#plan.readers.map(({ timeline }) => [timeline.fingerprint, complete(evolveTimeline(null, timeline, {}, 0))]),
    )
    this.#plan.update(this.#records)
  }

  rows(happened: readonly Happened[]): ReadonlyMap<TimelineKey, Uint8Array> {
    const rows = new Map<TimelineKey, Uint8Array[]>()
    for (const { timeline } of this.#plan.readers) {
      const writer = new TimelineWriter(timeline, this.#records.get(timeline.fingerprint)!)
      for (const { source, events } of happened) {
        if (source === timeline.source.name) for (const event of events) writer.add(event)
      }
      for (const append of writer.take(null)) {
        const list = rows.get(append.key)
        if (list === undefined) rows.set(append.key, [append.rows])
        else list.push(append.rows)
      }
    }
    return new Map([...rows].map(([key, list]) => [key, Buffer.concat(list)]))
  }

  answer(rows: ReadonlyMap<TimelineKey, Uint8Array>, input: unknown, at_ms: number | null): Record<string, unknown> {
    const plan = this.#plan
    const read = eventErrorsFirst(() => plan.requests.read(input))
    const instant = read.at_ms ?? at_ms ?? read.event?.time_ms
    if (instant === undefined) {
      throw new RangeError(`say when: ${plan.service.name} scores no event, so write .at('2024-05-01T12:00:00Z')`)
    }
    const stored = read.keys.flatMap((key) => (key === null ? [] : [rows.get(key) ?? null]))
    const present = { now_ms: instant, prunes: false, watermarks: plan.sources.map(() => instant) }
    plan.compute({ ...read, at_ms: instant }, stored, 0, present, true)
    return Object.fromEntries(plan.names.map((name, i) => [name, servedValue(plan.vector.values[i]!)]))
  }
}

function complete(record: TimelineRecord): TimelineRecord {
  const columns = Object.fromEntries(record.schemas.columns.map((_, column) => [column, SINCE_EVER_MS]))
  return { ...record, coverage: { since_ms: SINCE_EVER_MS, columns, reason: null, proof: [] } }
}

/** What is wrong with an event is told as it is of those that have happened. */
function eventErrorsFirst<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof ServingError && error.cause instanceof EventError ? error.cause : error
  }
}

const sources = new WeakMap<object, SourceModel>()
const services = new WeakMap<object, CompiledService>()

function sourceOf(source: AnySource): SourceModel {
  if (dataOf(source)?.kind !== 'source') throw new TypeError('given() needs a source first, as given(payments, [...])')
  const known = sources.get(source)
  if (known !== undefined) return known
  const { name } = source[meta]
  const model = resolveModel(collect([{ file: name, exports: { source } }])).sources.get(name)!
  sources.set(source, model)
  return model
}

function compiledOf(service: AnyService): CompiledService {
  if (dataOf(service)?.kind !== 'service')
    throw new TypeError('get() needs a service first, as get(checkoutRisk, {...})')
  const known = services.get(service)
  if (known !== undefined) return known
  const compiled = new CompiledService(service)
  services.set(service, compiled)
  return compiled
}
