import { collect } from '../features/collect.ts'
import { dataOf, meta } from '../features/definition.ts'
import { EventError } from '../features/event-error.ts'
import type { FeatureModel, ParsedEvent, ServiceModel } from '../features/model.ts'
import { resolveModel } from '../features/resolve.ts'
import type { Service } from '../features/service-types.ts'
import { type ServedValue, servedValue } from '../serving/answer-writer.ts'
import { completeRecord } from '../serving/complete-record.ts'
import { ServicePlan } from '../serving/service-plan.ts'
import type { ServiceQuestion } from '../serving/service-request.ts'
import { ServingError } from '../serving/serving-error.ts'
import type { TimelineKey } from '../stores/online-store.ts'
import type { TimelineRecord } from '../stores/timeline-registry.ts'
import { TimelineWriter } from '../stores/timeline-writer.ts'
import { throwFailures } from './compiled-source.ts'

export type AnyService = Service<string, unknown, unknown>

/** Valid events of one source. */
export interface Happened {
  readonly source: string
  readonly events: readonly ParsedEvent[]
}

/** Rows of all that happened, by timeline. */
export type StoredRows = ReadonlyMap<TimelineKey, Uint8Array>

/** A question and its values. */
export interface Reply {
  readonly question: ServiceQuestion
  readonly at_ms: number
  readonly values: ReadonlyMap<string, ServedValue>
}

/** Which instant a question is for, where its input does not say. */
export type InstantOf = (event_ms: number | null) => number | null

/** A service with timelines that hold everything. */
export class CompiledService {
  readonly model: ServiceModel
  /** By derived value: the features that its function has read, whenever it was asked. */
  readonly reads: ReadonlyMap<string, ReadonlySet<string>>
  readonly #plan: ServicePlan
  readonly #records: ReadonlyMap<string, TimelineRecord>

  constructor(service: AnyService) {
    const model = resolveModel(collect([{ file: service[meta].name, exports: { service } }]))
    for (const source of model.sources.values()) throwFailures(source)
    const { noted, reads } = notingReads(model.services.get(service[meta].name)!)
    this.model = noted
    this.reads = reads
    this.#plan = new ServicePlan(noted, {
      onDeriveFailure(_, error) {
        throw error
      },
    })
    this.#records = new Map(this.#plan.readers.map(({ timeline }) => [timeline.fingerprint, completeRecord(timeline)]))
    this.#plan.update(this.#records)
  }

  record({ timeline }: FeatureModel): TimelineRecord {
    return this.#records.get(timeline.fingerprint)!
  }

  /** Null where a part of the key is. */
  key(feature: FeatureModel, question: ServiceQuestion): TimelineKey | null {
    const slot = this.model.features.indexOf(feature)
    return question.keys[this.model.timelines.findIndex(({ slots }) => slots.includes(slot))]!
  }

  rows(happened: readonly Happened[]): StoredRows {
    const rows = new Map<TimelineKey, Uint8Array[]>()
    for (const timeline of new Set(this.#plan.readers.map((reader) => reader.timeline))) {
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

  /** Throws an EventError, a ServingError, and whatever a function of `derive` throws. */
  answer(rows: StoredRows, input: unknown, instantOf: InstantOf): Reply {
    const plan = this.#plan
    const question = eventErrorsFirst(() => plan.requests.read(input))
    const at_ms = question.at_ms ?? instantOf(question.event?.time_ms ?? null)
    if (at_ms === null) {
      throw new RangeError(`say when: ${plan.service.name} scores no event, so write .at('2024-05-01T12:00:00Z')`)
    }
    const stored = question.keys.flatMap((key) => (key === null ? [] : [rows.get(key) ?? null]))
    const present = { now_ms: at_ms, prunes: false, watermarks: plan.sources.map(() => at_ms) }
    plan.compute({ ...question, at_ms }, stored, 0, present, true)
    const values = plan.names.map((name, i) => [name, servedValue(plan.vector.values[i]!)] as const)
    return { question, at_ms, values: new Map(values) }
  }
}

/** The same service, whose functions of `derive` leave a note of the features that they read. */
function notingReads(service: ServiceModel): {
  noted: ServiceModel
  reads: ReadonlyMap<string, ReadonlySet<string>>
} {
  const reads = new Map<string, Set<string>>()
  const derive = service.derive.map(({ name, compute }) => {
    const read = new Set<string>()
    reads.set(name, read)
    const noting = (input: { readonly f: object }) => {
      const f = new Proxy(input.f, {
        get(features, feature) {
          if (typeof feature === 'string' && feature in features) read.add(feature)
          return Reflect.get(features, feature)
        },
      })
      return (compute as (input: object) => unknown)({ ...input, f })
    }
    return { name, compute: noting as (input: never) => unknown }
  })
  return { noted: { ...service, derive }, reads }
}

/** What is wrong with an event is told as it is of those that have happened. */
function eventErrorsFirst<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof ServingError && error.cause instanceof EventError ? error.cause : error
  }
}

const services = new WeakMap<object, CompiledService>()

/** Throws a TypeError for what is no service. */
export function compiledService(service: AnyService): CompiledService {
  if (dataOf(service)?.kind !== 'service')
    throw new TypeError('get() needs a service first, as get(checkoutRisk, {...})')
  const known = services.get(service)
  if (known !== undefined) return known
  const compiled = new CompiledService(service)
  services.set(service, compiled)
  return compiled
}
