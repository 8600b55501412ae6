import type { z } from 'zod'
import { type ColumnReading, readColumn } from '../features/column-types.ts'
import { valueReader } from '../features/value-reader.ts'
import { checksOf, definitionOf } from '../features/zod-definition.ts'
import { formatIso } from './instants.ts'
import { numberSample } from './number-sample.ts'
import { textSample } from './text-sample.ts'

/** What a column has in events that do not say. Undefined: nothing, as it may be absent. */
export interface ColumnSample {
  /** It is a time, which is the event's own. */
  readonly timed: boolean
  /**
   * The n-th value of its kind, from 1 on, that is not `taken`. Throws a RangeError where none was found that the schema's checks
   * allow.
   */
  value(n: number, time_ms: number, taken: ReadonlySet<unknown>): unknown
}

/** Decimals up to which 10 whole units fit below 2^53 minor ones. */
const TEN_SCALE_MAX = 14

/** How to fill a column of a source that was checked; `epoch`: times are epoch milliseconds there. */
export function columnSample(
  source: string,
  name: string,
  word: string,
  schema: z.core.$ZodType,
  epoch: boolean,
): ColumnSample {
  const { type, nullable, leaf } = readColumn(schema) as ColumnReading
  if (nullable) {
    const absent = allowsNull(schema) ? null : undefined
    return { timed: false, value: () => absent }
  }
  const checks = checksOf(leaf)
  const reader = valueReader({ type, leaf, epoch: false, precision: 'ms' })
  const free = (taken: ReadonlySet<unknown>) => (value: string | number) =>
    !taken.has(value) && reader.read(value) !== undefined
  const timed = type.kind === 'time' || epoch
  const found = (value: string | number | null, n: number): string | number => {
    if (value !== null) return value
    const more = n === 1 ? '' : ` besides the ${n - 1} before it`
    throw new RangeError(
      `${name}: no value was found that the checks of its schema allow${more}; give it, as build(${source}, { ${name}: ... })`,
    )
  }
  switch (type.kind) {
    case 'string':
      return { timed, value: (n, _, taken) => found(textSample(word, n, checks, free(taken)), n) }
    case 'int':
    case 'double':
      return {
        timed,
        value: (n, time_ms, taken) => (epoch ? time_ms : found(numberSample(n, checks, free(taken)), n)),
      }
    case 'money': {
      const amount = type.scale > TEN_SCALE_MAX ? '1' : '10'
      return { timed, value: () => (type.scale === 0 ? amount : `${amount}.${'0'.repeat(type.scale)}`) }
    }
    case 'bool':
      return { timed, value: () => false }
    case 'enum':
      return { timed, value: () => type.values[0]! }
    case 'time':
      return { timed, value: (_, time_ms) => formatIso(time_ms) }
  }
}

/** Null is allowed as such: a schema that is only `.optional()` has types that want the column left out. */
function allowsNull(schema: z.core.$ZodType): boolean {
  for (let def = definitionOf(schema); def.innerType !== undefined; def = definitionOf(def.innerType)) {
    if (def.type === 'nullable') return true
  }
  return false
}
