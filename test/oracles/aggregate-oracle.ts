import type fc from 'fast-check'
import type { KeyValue, Params } from '../../src/timeline/aggregate.ts'
import type { OracleEvent } from '../oracle.ts'

type Scalar = string | number | boolean

/** What an aggregate's oracle is asked. */
export interface OracleInput {
  /** The events of the window that pass the filter, oldest first, by (time, id). */
  readonly rows: readonly OracleEvent[]
  /** Of them the values of the column that are not null. */
  readonly values: readonly Scalar[]
  /** Whether an event has a value in the column: those of `rows` that do are in step with `values`. */
  readonly has: (event: OracleEvent) => boolean
  readonly at_ms: number
  readonly params: Params
  /** Whether the filter that the aggregate is made from holds. */
  readonly of: (event: OracleEvent) => boolean
  /** The column of the event being scored; null where there is none, or it is null. */
  readonly current: Scalar | null
  readonly isDouble: boolean
  /** A canonical value as it is served. */
  readonly served: (value: Scalar) => Scalar
}

/** One aggregate by the book, written from its sentence: slow and obvious. */
export interface AggregateOracle {
  readonly name: string
  readonly answer: (input: OracleInput) => KeyValue
  /** Parameters for random features. */
  readonly params?: fc.Arbitrary<Params>
  /** Relative tolerance that the aggregate promises. Default: none, the answers are equal. */
  readonly tolerance?: number
}

/** Ascending order of canonical values: numbers by size, false before true, texts by code points. */
export function ascending(a: Scalar, b: Scalar): number {
  if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b)
  const [x, y] = [[...a], [...b]]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!
  }
  return x.length - y.length
}
