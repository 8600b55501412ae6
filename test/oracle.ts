import type { AggregateSpec, FeatureValue } from '../src/timeline/aggregate.ts'
import type { Value } from '../src/timeline/column-type.ts'
import type { FilterNode } from '../src/timeline/filter.ts'
import { hash64 } from '../src/timeline/id-hash.ts'
import { ascending, oracles } from './oracles/index.ts'

/** The naive oracle: filter the events, compute by the book. Slow and obvious; it judges every engine. */
export interface OracleEvent {
  readonly id: string
  readonly time_ms: number
  readonly version: number
  readonly deleted: boolean
  /** Of its row, where rows of several are judged. */
  readonly schema?: number
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
    const newer = other === undefined ? 1 : event.version - other.version || (event.schema ?? 0) - (other.schema ?? 0)
    const beats =
      other === undefined ||
      newer > 0 ||
      (newer === 0 && (event.deleted === other.deleted ? bytes(event).compare(bytes(other)) < 0 : event.deleted))
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
  const { spec, at_ms, current = null } = question
  const timeColumns = question.timeColumns ?? new Set()
  const oracle = oracles.get(spec.aggregate)
  if (oracle === undefined) throw new Error(`the oracle does not know ${spec.aggregate}`)
  const end = at_ms - question.delay_ms
  const others = current === null ? events : events.filter((event) => event.id !== current.id)
  const all = current === null || spec.excludeCurrent ? others : [...others, current]
  const rows = all
    .filter((event) => event.time_ms > end - question.window_ms && event.time_ms <= end)
    .filter((event) => spec.where === null || holds(spec.where, event, timeColumns))
    .sort((a, b) => a.time_ms - b.time_ms || (hash64(a.id) < hash64(b.id) ? -1 : 1))
  const columnOf = (event: OracleEvent) => (spec.column === null ? null : (event.values[spec.column] ?? null))
  const served = (column: string | null) => (value: string | number | boolean) =>
    timeColumns.has(column!) ? new Date(value as number).toISOString() : value
  const over = (some: readonly OracleEvent[]) =>
    oracle.answer({
      rows: some,
      values: some.map(columnOf).filter((value) => value !== null),
      has: (event) => columnOf(event) !== null,
      at_ms,
      params: spec.params,
      of: (event) => holds(spec.of!, event, timeColumns),
      current: current === null ? null : columnOf(current),
      isDouble: question.doubleColumns?.has(spec.column ?? '') ?? false,
      served: served(spec.column),
    })
  if (spec.per === null) return over(rows)
  const { column, limit } = spec.per
  const keys = [...new Set(rows.map((row) => row.values[column] ?? null))].filter((key) => key !== null)
  const groups = keys.map((key) => ({ key, own: rows.filter((row) => row.values[column] === key) }))
  groups.sort((a, b) => b.own.length - a.own.length || ascending(a.key, b.key))
  const map = Object.create(null)
  for (const { key, own } of groups.slice(0, limit)) map[String(key)] = over(own)
  return map
}

/** What an engine should have answered: what it did, where the aggregate promises a tolerance and the answer is within it. */
export function asPromised(spec: AggregateSpec, got: unknown, wanted: FeatureValue): unknown {
  const { tolerance = 0 } = oracles.get(spec.aggregate)!
  if (typeof got === 'number' && typeof wanted === 'number') {
    return Math.abs(got - wanted) <= tolerance * Math.max(1e-300, Math.abs(wanted)) ? got : wanted
  }
  if (spec.per === null || typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return wanted
  const others = (got ?? {}) as Record<string, unknown>
  return Object.assign(
    Object.create(null),
    Object.fromEntries(
      Object.entries(wanted).map(([key, one]) => [key, asPromised({ ...spec, per: null }, others[key], one)]),
    ),
  )
}
