import type { InputOf, VectorOf } from '../features/service-types.ts'
import type { AnySource } from '../features/source.ts'
import type { EventOf } from '../features/source-types.ts'
import { readAt } from '../serving/instant.ts'
import { type Duration, durationMs } from '../timeline/duration.ts'
import {
  type AnyService,
  type CompiledService,
  compiledService,
  type Happened,
  type StoredRows,
} from './compiled-service.ts'
import { compiledSource } from './compiled-source.ts'
import { formatIso, instantsBetween } from './instants.ts'
import { parsedEvents } from './parsed-events.ts'
import { type Replayed, type RestOf, replayed, type ScoredBy, type Scoring } from './replay.ts'
import { type VectorAnswer, vectorAnswer } from './vector-answer.ts'

/** Events that have happened, and the instant that is asked about. Nothing of it changes: each step gives a new one. */
export interface Given {
  /** More events, of this or another source. Throws an {@link EventError} where one is not valid. */
  and<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given
  /** The instant that is asked about, in epoch milliseconds or ISO 8601. Default: the time of the event being scored. */
  at(instant: number | string): Given
  /** The instant so much later: `given(...).at(NOW).later('3d')`; without `.at()`, so long after the event being scored. */
  later(duration: Duration): Given
  /**
   * The instants from one up to and with another, a step apart: values that rise and decay.
   *
   * ```ts
   * given(payments, [payment.ago('20h')]).over(ago('1d'), ahead('1d'), '12h').get(cardProfile, input, 'card_velocity__tx_count_24h')
   * // [0, 1, 1, 0, 0]
   * ```
   */
  over(from: number | string, until: number | string, step: Duration): GivenOver
  /**
   * The vector that the service would serve: by the very kernel that serves, with no store and no clock, so that it is the same
   * each time. An answer says null where a key is null. Throws an {@link EventError} for a wrong event, an error for a wrong
   * request, a TypeError where a function of `compute` fails, and whatever a function of `derive` throws.
   */
  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X>
  /**
   * The same with the events behind each value.
   *
   * ```ts
   * console.log(`${given(payments, events).ask(checkoutRisk, { event }).explain('card_velocity__spend_7d')}`)
   * ```
   */
  ask<X extends AnyService>(service: X, input: InputOf<X>): VectorAnswer<X>
  /** Scores events one after the other on top of what has happened: see {@link replay}. */
  replay<X extends AnyService, E extends ScoredBy<X>>(
    service: X,
    events: readonly E[],
    ...rest: RestOf<X, E>
  ): Replayed<X, E>[]
}

/** Several instants that are asked about. */
export interface GivenOver {
  /** In ISO 8601. */
  readonly instants: readonly string[]
  /** The vector at each instant. */
  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X>[]
  /** One value at each instant. */
  get<X extends AnyService, N extends keyof VectorOf<X> & string>(
    service: X,
    input: InputOf<X>,
    name: N,
  ): VectorOf<X>[N][]
}

/**
 * Begins a test of features: the events that have happened.
 *
 * ```ts
 * const payment = build(payments, { card_id: 'c1' })
 * const vector = given(payments, [payment.ago('1h', { amount: '12.34' })]).at(NOW).get(cardProfile, { keys: { card_id: 'c1' } })
 * expect(vector.card_velocity__spend_24h).toBe(1234)
 * ```
 */
export function given<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given {
  return new History([], { at_ms: null, later_ms: 0 }).and(source, events)
}

/**
 * Scores events in the order in which they come: each at its own time, by what came before it; then it counts, with its outcome. A
 * copy of an event that came already, as of a payment whose label is known now, and a deleted one only count.
 *
 * ```ts
 * const scored = replay(checkoutRisk, payment.from(ago('1h')).every('10m').times(5), { request: { cart_items: 1 } })
 * expect(scored.map(({ vector }) => vector.card_velocity__tx_count_1h)).toEqual([1, 2, 3, 4, 5])
 * ```
 *
 * What else the service is sent, beside the event, is the same for all of them, or a function of the event. Throws an EventError
 * for a wrong event, a TypeError for a service that scores none.
 */
export function replay<X extends AnyService, E extends ScoredBy<X>>(
  service: X,
  events: readonly E[],
  ...rest: RestOf<X, E>
): Replayed<X, E>[] {
  return replayed(new History([], { at_ms: null, later_ms: 0 }), service, events, rest[0])
}

/** The instant that is asked about; null: that of the event being scored, and so much later. */
interface Asked {
  readonly at_ms: number | null
  readonly later_ms: number
}

class History implements Given, Scoring {
  readonly #happened: readonly Happened[]
  readonly #asked: Asked
  /** Rows of the events by timeline, for each service that was asked. */
  readonly #rows: WeakMap<CompiledService, StoredRows>
  /** What this history adds to another one. */
  readonly #added: { readonly to: History; readonly events: Happened } | null

  constructor(
    happened: readonly Happened[],
    asked: Asked,
    rows = new WeakMap<CompiledService, StoredRows>(),
    added: { readonly to: History; readonly events: Happened } | null = null,
  ) {
    this.#happened = happened
    this.#asked = asked
    this.#rows = rows
    this.#added = added
  }

  and<Src extends AnySource>(source: Src, events: readonly EventOf<Src>[]): Given {
    const { name, parser } = compiledSource(source, 'given() needs a source first, as given(payments, [...])')
    return this.with({ source: name, events: parsedEvents(parser, events) })
  }

  with(events: Happened): History {
    return new History([...this.#happened, events], this.#asked, undefined, { to: this, events })
  }

  at(instant: number | string): Given {
    return this.#asking({ at_ms: readAt(instant), later_ms: 0 })
  }

  later(duration: Duration): Given {
    const { at_ms, later_ms } = this.#asked
    return this.#asking({ at_ms, later_ms: later_ms + durationMs(duration) })
  }

  over(from: number | string, until: number | string, step: Duration): GivenOver {
    return new Over(this, instantsBetween(readAt(from)!, readAt(until)!, step))
  }

  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X> {
    return this.ask(service, input).vector
  }

  ask<X extends AnyService>(service: X, input: InputOf<X>): VectorAnswer<X> {
    return this.score(service, input, this.#asked)
  }

  replay<X extends AnyService, E extends ScoredBy<X>>(
    service: X,
    events: readonly E[],
    ...rest: RestOf<X, E>
  ): Replayed<X, E>[] {
    return replayed(this, service, events, rest[0])
  }

  has(source: string, id: string, time_ms: number): boolean {
    return this.#happened.some(
      (happened) =>
        happened.source === source && happened.events.some((event) => event.id === id && event.time_ms === time_ms),
    )
  }

  score<X extends AnyService>(
    service: X,
    input: unknown,
    asked: Asked = { at_ms: null, later_ms: 0 },
  ): VectorAnswer<X> {
    const compiled = compiledService(service)
    const rows = this.#rowsFor(compiled)
    const { at_ms, later_ms } = asked
    const reply = compiled.answer(rows, input, (event_ms) => {
      const start_ms = at_ms ?? event_ms
      return start_ms === null ? null : readAt(start_ms + later_ms)
    })
    return vectorAnswer(compiled, rows, reply, this.#happened)
  }

  #asking(asked: Asked): History {
    return new History(this.#happened, asked, this.#rows, this.#added)
  }

  #rowsFor(compiled: CompiledService): StoredRows {
    const known = this.#rows.get(compiled)
    if (known !== undefined) return known
    const added = this.#added
    const before = added === null ? undefined : added.to.#rows.get(compiled)
    const rows =
      added === null || before === undefined
        ? compiled.rows(this.#happened)
        : joined(before, compiled.rows([added.events]))
    this.#rows.set(compiled, rows)
    return rows
  }
}

function joined(before: StoredRows, added: StoredRows): StoredRows {
  const rows = new Map(before)
  for (const [key, more] of added) {
    const some = rows.get(key)
    rows.set(key, some === undefined ? more : Buffer.concat([some, more]))
  }
  return rows
}

class Over implements GivenOver {
  readonly instants: readonly string[]
  readonly #given: Given

  constructor(history: Given, instants_ms: readonly number[]) {
    this.instants = instants_ms.map(formatIso)
    this.#given = history
  }

  get<X extends AnyService>(service: X, input: InputOf<X>): VectorOf<X>[]
  get<X extends AnyService, N extends keyof VectorOf<X> & string>(
    service: X,
    input: InputOf<X>,
    name: N,
  ): VectorOf<X>[N][]
  get<X extends AnyService>(service: X, input: InputOf<X>, name?: keyof VectorOf<X> & string): unknown[] {
    const answers = this.instants.map((instant) => this.#given.at(instant).ask(service, input))
    return name === undefined ? answers.map(({ vector }) => vector) : answers.map((answer) => answer.value(name))
  }
}
