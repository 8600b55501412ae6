import type { AggregateSpec, FeatureValue } from '../src/timeline/aggregate.ts'
import type { Value } from '../src/timeline/column-type.ts'
import type { FilterNode } from '../src/timeline/filter.ts'
import { hash64 } from '../src/timeline/id-hash.ts'

/** The naive oracle: filter the events, compute by the book. Slow and obvious; it judges every engine. */
export interface OracleEvent {
  readonly id: string
  readonly time_ms: number
  readonly version: number
  readonly deleted: boolean
  /** Canonical values by column: money in minor units, times as epoch milliseconds. */
  readonly values: Readonly<Record<string, Value>>
}

export interface OracleQuestion {
  readonly spec: AggregateSpec
  readonly window_ms: number
  readonly delay_ms: number
  readonly at_ms: number
  /** The event being scored: takes the place of any other of its id. */
  readonly current?: OracleEvent
  /** Columns whose canonical value is an instant, served as ISO text. */
  readonly timeColumns?: ReadonlySet<string>
  readonly doubleColumns?: ReadonlySet<string>
}

/** Of events equal in (time, id) the one that wins (L1). `bytes` orders copies of one version: their encoded form, of which the lowest wins. */
export function winners(events: readonly OracleEvent[], bytes: (event: OracleEvent) => Buffer): OracleEvent[] {
  const best = new Map<string, OracleEvent>()
  for (const event of events) {
    const key = `${event.time_ms} ${event.id}`
    const other = best.get(key)
    const beats =
      other === undefined ||
      event.version > other.version ||
      (event.version === other.version &&
        (event.deleted === other.deleted ? bytes(event).compare(bytes(other)) < 0 : event.deleted))
    if (beats) best.set(key, event)
  }
  return [...best.values()].filter((event) => !event.deleted)
}

export function holds(node: FilterNode, event: OracleEvent, timeColumns: ReadonlySet<string>): boolean {
  if ('filters' in node) {
    const held = node.filters.map((filter) => holds(filter, event, timeColumns))
    return node.op === 'and' ? held.every((one) => one) : held.some((one) => one)
  }
  if (node.op === 'not') return !holds(node.filter, event, timeColumns)
  const value = event.values[node.column] ?? null
  if (node.op === 'null') return value === null
  if (value === null) return false
  const literal = (x: string | number | boolean) => (timeColumns.has(node.column) ? Date.parse(String(x)) : x)
  if (node.op === 'in') return node.values.some((x) => literal(x) === value)
  const other = literal(node.value)
  if (node.op === 'eq') return value === other
  if (node.op === 'ne') return value !== other
  if (node.op === 'gt') return value > other
  if (node.op === 'gte') return value >= other
  if (node.op === 'lt') return value < other
  return value <= other
}

/** The value of a feature, from winners (see {@link winners}). */
export function answer(events: readonly OracleEvent[], question: OracleQuestion): FeatureValue {
  const { spec, at_ms, current } = question
  const timeColumns = question.timeColumns ?? new Set()
  const end = at_ms - question.delay_ms
  const others = current === undefined ? events : events.filter((event) => event.id !== current.id)
  const all = current === undefined || spec.excludeCurrent ? others : [...others, current]
  const rows = all
    .filter((event) => event.time_ms > end - question.window_ms && event.time_ms <= end)
    .filter((event) => spec.where === null || holds(spec.where, event, timeColumns))
    .sort((a, b) => a.time_ms - b.time_ms || (hash64(a.id) < hash64(b.id) ? -1 : 1))
  const raw =
    spec.column === null ? [] : rows.map((event) => event.values[spec.column!] ?? null).filter((v) => v !== null)
  const served = (value: string | number | boolean) =>
    timeColumns.has(spec.column!) ? new Date(value as number).toISOString() : value
  const numbers = raw as number[]
  const isDouble = question.doubleColumns?.has(spec.column ?? '') ?? false
  switch (spec.aggregate) {
    case 'count':
      return rows.length
    case 'sum':
      return isDouble ? roundedSum(numbers) : small(numbers.reduce((sum, x) => sum + BigInt(x), 0n))
    case 'avg': {
      if (numbers.length === 0) return null
      if (isDouble) return roundedSum(numbers) / numbers.length
      return nearestDouble(
        numbers.reduce((sum, x) => sum + BigInt(x), 0n),
        BigInt(numbers.length),
      )
    }
    case 'min':
      return numbers.length === 0 ? null : Math.min(...numbers)
    case 'max':
      return numbers.length === 0 ? null : Math.max(...numbers)
    case 'countDistinct':
      return new Set(raw).size
    case 'first':
      return raw.length === 0 ? null : served(raw[0]!)
    case 'last':
      return raw.length === 0 ? null : served(raw.at(-1)!)
    case 'lastN':
      return raw.reverse().slice(0, spec.params.n).map(served)
    case 'rate':
      return rows.length === 0 ? null : rows.filter((row) => holds(spec.of!, row, timeColumns)).length / rows.length
    case 'timeSinceLast':
      return rows.length === 0 ? null : at_ms - rows.at(-1)!.time_ms
    default:
      throw new Error(`the oracle does not know ${spec.aggregate}`)
  }
}

function small(sum: bigint): number | bigint {
  return Number.isSafeInteger(Number(sum)) && BigInt(Number(sum)) === sum ? Number(sum) : sum
}

/** A finite double as an exact fraction. */
function fraction(x: number): [bigint, bigint] {
  let top = x
  let bottom = 1n
  while (!Number.isInteger(top)) {
    top *= 2
    bottom *= 2n
    // Subnormal numbers reach integers too: doubling is exact below the largest double.
  }
  return [BigInt(top), bottom]
}

function roundedSum(numbers: readonly number[]): number {
  let top = 0n
  let bottom = 1n
  for (const x of numbers) {
    const [t, b] = fraction(x)
    const common = b > bottom ? b : bottom
    top = top * (common / bottom) + t * (common / b)
    bottom = common
  }
  return nearestDouble(top, bottom)
}

/** The double nearest to an exact fraction, half to even: found by walking to it from a first guess. */
export function nearestDouble(top: bigint, bottom: bigint): number {
  if (top === 0n) return 0
  if (top < 0n) return -nearestDouble(-top, bottom)
  let low = 0
  let high = Number.MAX_VALUE
  const view = new DataView(new ArrayBuffer(8))
  const bits = (x: number) => {
    view.setFloat64(0, x)
    return view.getBigUint64(0)
  }
  const double = (b: bigint) => {
    view.setBigUint64(0, b)
    return view.getFloat64(0)
  }
  // Doubles of one sign are ordered as their bits are: halve the bits until two neighbours are left.
  while (bits(high) - bits(low) > 1n) {
    const middle = double((bits(low) + bits(high)) / 2n)
    const [t, b] = fraction(middle)
    if (t * bottom <= top * b) low = middle
    else high = middle
  }
  const [lt, lb] = fraction(low)
  const [ht, hb] = fraction(high)
  // Compare the distances top/bottom - low and high - top/bottom over a common denominator.
  const below = (top * lb - lt * bottom) * hb
  const above = (ht * bottom - top * hb) * lb
  if (below !== above) return below < above ? low : high
  return bits(low) % 2n === 0n ? low : high
}
