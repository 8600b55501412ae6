import type { z } from 'zod'
import type { Shape } from './definition.ts'

export type NullIn<V> = [Extract<V, null | undefined>] extends [never] ? never : null

/**
 * An event without the columns that are not known while it is scored. `_Why` is for the reader of an error: it says what is
 * wrong with asking for one of them.
 */
export type EventBeforeOutcome<_Why, Event, Out> = {
  readonly [N in keyof Event as N extends Out ? never : N]: Event[N]
}

export type NotYetKnown<Out> = `${Out & string} is an outcome: it is not known while the event is scored`

/** The same of its stamps. A type of its own, as the compiler shows a union that has a name by that. */
export type NotYetStamped<St> = `${St & string} is a version or a deletion: it is not known while the event is scored`

/** An event as it may be sent to be scored: the columns of its version and its deletion, its stamps, may be left out. */
export type Unstamped<Event, St> = [St] extends [never]
  ? Event
  : Omit<Event, St & string> & Partial<Pick<Event, St & keyof Event>>

/** Events as functions see them: canonical values, null for what is absent. */
export type Canonical<Sh extends Shape> = {
  [N in keyof Sh & string]: NonNullable<z.output<Sh[N]>> | NullIn<z.output<Sh[N]>>
}

/** The values of computed columns as functions see them: a function that computes one can fail. */
export type Computed<C extends Shape> = { readonly [N in keyof C & string]: NonNullable<z.output<C[N]>> | null }
