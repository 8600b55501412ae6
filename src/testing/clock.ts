import type { AnySource } from '../features/source.ts'
import type { EventOf } from '../features/source-types.ts'
import { readAt } from '../serving/instant.ts'
import type { Duration } from '../timeline/duration.ts'
import { type EventBuilder, eventBuilder, type Some } from './event-builder.ts'
import { formatIso, shifted } from './instants.ts'

/** An instant that tests call now, and what is told from it. Nothing of it moves. */
export interface TestClock {
  /** In ISO 8601. */
  readonly now: string
  readonly now_ms: number
  /** The instant so long before now, in ISO 8601: `ago('3d')`. */
  ago(duration: Duration): string
  /** The instant so long after now, in ISO 8601. */
  ahead(duration: Duration): string
  /** As {@link build}, by this clock. */
  build<Src extends AnySource>(source: Src, columns?: Some<EventOf<NoInfer<Src>>>): EventBuilder<Src>
}

/**
 * A clock that stands at an instant, given in epoch milliseconds or ISO 8601. Throws a ServingError for what is no instant.
 *
 * ```ts
 * const { now, ago, build } = clockAt('2026-03-29T00:30:00Z') // the night in which summer time begins
 * ```
 */
export function clockAt(instant: number | string): TestClock {
  const now_ms = readAt(instant)!
  return Object.freeze<TestClock>({
    now: formatIso(now_ms),
    now_ms,
    ago: (duration) => formatIso(shifted(now_ms, duration, -1)),
    ahead: (duration) => formatIso(shifted(now_ms, duration, 1)),
    build: (source, columns = {}) => eventBuilder(source, columns, now_ms),
  })
}

const usual = clockAt('2026-01-15T12:00:00Z')

/** What tests call now where they say nothing else: `'2026-01-15T12:00:00.000Z'`. */
export const NOW = usual.now

/** The instant so long before {@link NOW}, in ISO 8601: `given(...).at(ago('3d'))`. */
export const ago = usual.ago

/** The instant so long after {@link NOW}, in ISO 8601: `given(...).at(ahead('90d'))`. */
export const ahead = usual.ahead

/**
 * Builds valid events of a source: what a test does not give is filled in by the source's schema. The id is new each time, the
 * time is {@link NOW}, an enum has its first value, money is 10.00, a text is its column's name and 1, what may be null or absent is so.
 *
 * ```ts
 * const payment = build(payments, { card_id: 'c1', amount: '10.00' })
 * payment()                                                // now
 * payment({ amount: '20.00', status: 'declined' })
 * payment.ago('3d', { amount: '20.00' })
 * payment.times(5)                                         // a minute apart, the last one a minute ago
 * payment.every('1h').times(3, (i) => ({ amount: i }))     // an hour apart, the last one an hour ago
 * payment.from(ago('3d')).every('1h').until(ago('1d'))
 * payment.scored()                                         // without its outcome, as it is sent to be scored
 * ```
 *
 * Throws a TypeError for a column that the source does not have, an EventError for a value that the source refuses, a RangeError
 * where no value was found that a schema's checks allow: give that column.
 */
export const build: TestClock['build'] = usual.build
