import type { EventIn } from '../features/service-types.ts'
import type { AnySource } from '../features/source.ts'
import type { EventOf } from '../features/source-types.ts'
import { readAt } from '../serving/instant.ts'
import type { Duration } from '../timeline/duration.ts'
import { type Fields, type FilledSource, filledSource } from './filled-source.ts'
import { checkedCount, instantsBetween, shifted } from './instants.ts'

/** Some columns of an event. */
export type Some<E> = { readonly [N in keyof E]?: E[N] | undefined }

/** Columns that are all of the event: of a function's result, the compiler would let others pass. */
type Columns<X, E> = X & { readonly [N in Exclude<keyof X, keyof E>]: never }

/** Makes events of one source, with the columns it was given. Each step gives a new builder. See {@link build}. */
export interface EventBuilder<Src extends AnySource> {
  /** One event: at the instant of {@link from}, else now. */
  (columns?: Some<EventOf<Src>>): EventOf<Src>
  /** One event, at an instant in epoch milliseconds or ISO 8601. */
  at(instant: number | string, columns?: Some<EventOf<Src>>): EventOf<Src>
  /** One event, so long before now: `payment.ago('3d', { amount: '20.00' })`. */
  ago(duration: Duration, columns?: Some<EventOf<Src>>): EventOf<Src>
  /**
   * One event as it is sent to be scored: without the columns of its outcome, its version and its deletion, which are not known yet. Given
   * an event, it is that one: `get(checkoutRisk, { event: payment.scored(arrived) })`.
   */
  scored(columns?: Some<EventIn<Src>>): EventIn<Src>
  /** A builder that gives these columns, too: `const declined = payment.with({ status: 'declined' })`. */
  with(columns: Some<EventOf<Src>>): EventBuilder<Src>
  /** A builder whose series begin at an instant. */
  from(instant: number | string): EventBuilder<Src>
  /** A builder whose series have an event each so often. Default `'1m'`. */
  every(step: Duration): EventBuilder<Src>
  /**
   * So many events, in the order of their times: from the instant of {@link from} on, else so that the last is a step before now.
   * `each` gives columns of the event with that number, from 0: `payment.times(5, (i) => ({ amount: i }))`.
   */
  times<X extends Some<EventOf<Src>>>(count: number, each?: (i: number) => Columns<X, EventOf<Src>>): EventOf<Src>[]
  /** Events from the instant of {@link from} up to and with this one. */
  until<X extends Some<EventOf<Src>>>(
    instant: number | string,
    each?: (i: number) => Columns<X, EventOf<Src>>,
  ): EventOf<Src>[]
}

/** Where a builder stands: see {@link EventBuilder.from} and {@link EventBuilder.every}. */
interface Pace {
  readonly now_ms: number
  readonly from_ms: number | null
  readonly step: Duration
}

/** The builder of {@link build}, by a clock that stands at `now_ms`. */
export function eventBuilder<Src extends AnySource>(
  source: Src,
  columns: Some<EventOf<Src>>,
  now_ms: number,
): EventBuilder<Src> {
  const filled = filledSource(source)
  filled.assertKnown(columns)
  return builderOf(filled, columns, { now_ms, from_ms: null, step: '1m' }) as unknown as EventBuilder<Src>
}

type AnyBuilder = EventBuilder<AnySource>
type Each = (i: number) => Fields

function builderOf(filled: FilledSource, columns: Fields, pace: Pace): AnyBuilder {
  const { now_ms, from_ms, step } = pace
  const one = (time_ms: number, more: Fields = {}) => filled.event({ ...columns, ...more }, time_ms)
  const series = (times: readonly number[], each: Each = () => ({})) => times.map((time_ms, i) => one(time_ms, each(i)))
  return Object.freeze(
    Object.assign((more?: Fields) => one(from_ms ?? now_ms, more), {
      at: (instant: number | string, more?: Fields) => one(readAt(instant)!, more),
      ago: (duration: Duration, more?: Fields) => one(shifted(now_ms, duration, -1), more),
      scored: (more: Fields = {}) => filled.scored({ ...columns, ...more }, from_ms ?? now_ms),
      with(more: Fields) {
        filled.assertKnown(more)
        return builderOf(filled, { ...columns, ...more }, pace)
      },
      from: (instant: number | string) => builderOf(filled, columns, { ...pace, from_ms: readAt(instant) }),
      every: (next: Duration) => builderOf(filled, columns, { ...pace, step: next }),
      times(count: number, each?: Each) {
        checkedCount(count)
        const step_ms = shifted(now_ms, step, 1) - now_ms
        const first_ms = from_ms ?? now_ms - count * step_ms
        return series(
          Array.from({ length: count }, (_, i) => first_ms + i * step_ms),
          each,
        )
      },
      until(instant: number | string, each?: Each) {
        if (from_ms === null) throw new RangeError(`say from when, as .from(ago('3d')).every('1h').until(ago('1d'))`)
        return series(instantsBetween(from_ms, readAt(instant)!, step), each)
      },
    }),
  ) as unknown as AnyBuilder
}
