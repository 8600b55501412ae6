/** What an aggregate may be asked to do with a column. The sums of `'integer'` and `'money'`, whole minor units, are exact. */
export type Kind = 'integer' | 'money' | 'number' | 'time' | 'string' | 'boolean' | 'other'

/** Carries a type and no value: it exists only for the compiler. */
export declare const type: unique symbol

/**
 * A reference to a column of a source, as `payments.amount`. `V` is the canonical value that aggregates and filters see:
 * money is an integer of minor units.
 */
export interface Column<S extends string = string, N extends string = string, V = unknown, K extends Kind = Kind> {
  readonly source: S
  readonly column: N
  readonly [type]: { readonly value: V; readonly kind: K }
}

/** The value of a column, without null. */
export type ValueOf<C> = C extends Column<string, string, infer V, Kind> ? NonNullable<V> : never

/** The name of the source that a column belongs to. */
export type SourceOf<C> = C extends Column<infer S, string, unknown, Kind> ? S : never

type Needed<F extends string, C, Kinds extends Kind, What extends string> =
  C extends Column<infer S, infer N, unknown, infer K>
    ? [K] extends [Kinds]
      ? C
      : string extends N
        ? C
        : `${F}() needs a ${What} column, but ${S}.${N} is ${K extends 'other' ? 'something else' : K extends 'money' ? K : `a ${K}`}`
    : never

/** Refuses, in a sentence, a column that aggregate `F` cannot add up. Columns whose names are not known pass. */
export type Numeric<F extends string, C> = Needed<F, C, 'integer' | 'money' | 'number', 'number'>

/** Refuses, in a sentence, a column that filter `F` cannot compare, as its values have no order. */
export type Ordered<F extends string, C> = Needed<F, C, 'integer' | 'money' | 'number' | 'time', 'number or time'>

/** Refuses, in a sentence, a column whose values make no keys of a map. */
export type Groupable<F extends string, C> = Needed<
  F,
  C,
  'integer' | 'string' | 'boolean' | 'other',
  'text, boolean or whole-number'
>

/**
 * What the sum of integers is to the compiler: exact, so it may pass 2^53. `derive` is given the nearest number; an answer
 * says such a value as a string.
 */
export interface Integer {
  readonly [type]: 'integer'
}

/** A map by the values of a column, as `.per(column, { limit })` gives it. */
export interface Keyed<V> {
  readonly [key: string]: V
}

/** What adding up a column gives. */
export type SumOf<C> = C extends Column<string, string, unknown, 'integer' | 'money'> ? Integer : number

const COLUMN = Symbol.for('millrace.column')

/** Makes the frozen reference that a source holds for each of its columns. */
export function makeColumn(source: string, column: string): Column {
  return Object.freeze({ [COLUMN]: true, source, column }) as unknown as Column
}

/** True for what {@link makeColumn} made, also by another copy of this library. */
export function isColumn(value: unknown): value is Column {
  return typeof value === 'object' && value !== null && COLUMN in value
}

/** Throws a TypeError for what is no column of a source. `call`: what was called with it, as `sum`; `example`: how it is written. */
export function assertColumn(value: unknown, call: string, example: string): asserts value is Column {
  if (isColumn(value)) return
  if (value === undefined) throw new TypeError(`${call}() got undefined for a column: its source has none of that name`)
  throw new TypeError(`${call}() needs a column of a source, as ${example}`)
}
