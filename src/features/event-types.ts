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

/** Events as functions see them: canonical values, null for what is absent. */
export type Canonical<Sh extends Shape> = {
  [N in keyof Sh & string]: NonNullable<z.output<Sh[N]>> | NullIn<z.output<Sh[N]>>
}

/** The values of computed columns as functions see them: a function that computes one can fail. */
export type Computed<C extends Shape> = { readonly [N in keyof C & string]: NonNullable<z.output<C[N]>> | null }
