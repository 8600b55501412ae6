import type { ParsedEvent, ServiceModel, SourceModel, TimelineModel, TimelineRead } from '../features/model.ts'
import type { TimelineKey } from '../stores/online-store.ts'
import type { TimelineRecord } from '../stores/timeline-registry.ts'
import { keyOf } from '../stores/timeline-writer.ts'
import { hash64 } from '../timeline/id-hash.ts'
import { RowError } from '../timeline/row-codec.ts'
import { DerivedValues, type DeriveFailure } from './derived-values.ts'
import { type ServiceQuestion, ServiceRequests } from './service-request.ts'
import type { Present } from './store-reader.ts'
import { type ScoredEvent, TimelineReader, type Vector } from './timeline-reader.ts'

/** Who is told of what an answer does not say. */
export interface PlanListeners {
  /** A timeline's rows had to be sorted, or were found more than once: it is worth a compaction. */
  readonly onUntidy?: (key: TimelineKey, timeline: TimelineModel) => void
  /** A function of `derive` failed: the value is null and its status `error`. */
  readonly onDeriveFailure?: DeriveFailure
}

/** One service, compiled: understands its requests and computes its answers from stored bytes. Does no I/O. */
export class ServicePlan {
  readonly service: ServiceModel
  /** Names of the values, by slot: features, then derived values. */
  readonly names: readonly string[]
  /** Names of the sources behind them. */
  readonly sources: readonly string[]
  readonly requests: ServiceRequests
  readonly readers: readonly TimelineReader[]
  /** The last answer; the next one overwrites it. */
  readonly vector: Vector
  readonly #sourceOf: readonly number[]
  readonly #scored: readonly ScoredIn[]
  readonly #derived: DerivedValues
  readonly #onUntidy: PlanListeners['onUntidy']

  constructor(service: ServiceModel, { onUntidy, onDeriveFailure }: PlanListeners = {}) {
    const { features, derive, timelines, event } = service
    this.service = service
    this.#onUntidy = onUntidy
    this.names = [...features, ...derive].map(({ name }) => name)
    this.sources = [...new Set(timelines.map(({ timeline }) => timeline.source.name))]
    this.requests = new ServiceRequests(service)
    this.readers = timelines.map(
      ({ timeline, slots }) =>
        new TimelineReader(
          timeline,
          slots.map((slot) => features[slot]!),
          slots,
        ),
    )
    this.vector = {
      at_ms: 0,
      values: this.names.map(() => null),
      statuses: new Uint8Array(this.names.length),
      flawed: false,
    }
    this.#sourceOf = timelines.map(({ timeline }) => this.sources.indexOf(timeline.source.name))
    this.#scored = timelines.map((read) => scoredIn(read, event))
    this.#derived = new DerivedValues(service, onDeriveFailure)
  }

  update(records: ReadonlyMap<string, TimelineRecord>): void {
    for (const reader of this.readers) reader.update(records.get(reader.timeline.fingerprint) ?? null)
  }

  /** Throws a ServingError where the store does not know the columns of some timeline. */
  assertReady(): void {
    for (const reader of this.readers) reader.assertReady()
  }

  /**
   * The row of the event being scored in a timeline that is read. In that of another entity it stands as a tombstone: a row of its id that is
   * stored there is of an event that the request says is another's (L5).
   */
  #current(i: number, scored: ScoredEvent, key: TimelineKey): ScoredEvent | null {
    switch (this.#scored[i]!) {
      case 'none':
        return null
      case 'always':
        return scored
      case 'by key':
        return keyOf(this.readers[i]!.timeline, scored.event) === key ? scored : { ...scored, elsewhere: true }
    }
  }

  /**
   * Computes the answer into {@link vector}. `stored` holds, from `first` on, the bytes of each key of the question that is not
   * null. A timeline that cannot be read has the status `error`; where its rows are of a schema that is not known here,
   * and `last` is false, the RowError is thrown: the registry may have it by now.
   */
  compute(
    question: ServiceQuestion,
    stored: readonly (Uint8Array | null)[],
    first: number,
    present: Present,
    last: boolean,
  ): void {
    const { vector } = this
    const { event, keys } = question
    vector.at_ms = question.at_ms ?? event?.time_ms ?? present.now_ms
    vector.flawed = false
    const scored = event === null ? null : identified(event)
    let next = first
    for (let i = 0; i < this.readers.length; i++) {
      const reader = this.readers[i]!
      const key = keys[i]!
      if (key === null) {
        reader.missing(vector)
        continue
      }
      try {
        const current = scored === null ? null : this.#current(i, scored, key)
        const watermark_ms = present.watermarks[this.#sourceOf[i]!]!
        reader.read(stored[next++]!, current, present, watermark_ms, vector)
        if (reader.untidy) this.#onUntidy?.(key, reader.timeline)
      } catch (error) {
        if (!(error instanceof RowError)) throw error
        if (error.code === 'ROW_SCHEMA_UNKNOWN' && !last) throw error
        reader.failed(vector)
      }
    }
    this.#derived.compute(vector, event, question.request)
  }
}

function identified(event: ParsedEvent): ScoredEvent {
  const id = hash64(event.id)
  return { event, idLow: Number(id & 0xffffffffn), idHigh: Number(id >> 32n), elsewhere: false }
}

/** Whether the event being scored is among the events of an entity: never, always, or where its own key is the one that is read. */
type ScoredIn = 'none' | 'always' | 'by key'

function scoredIn({ timeline, key }: TimelineRead, event: SourceModel | null): ScoredIn {
  if (timeline.source.name !== event?.name) return 'none'
  const isOwn = key.every((part, i) => part.from === 'event' && part.column === timeline.key[i])
  return isOwn ? 'always' : 'by key'
}
