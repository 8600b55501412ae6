import type { Aggregate, FeatureValue, Windowed } from '../../../src/timeline/aggregate.ts'
import { aggregates } from '../../../src/timeline/aggregates/index.ts'
import { type Column, makeColumn } from '../../../src/timeline/column.ts'
import type { Value } from '../../../src/timeline/column-type.ts'
import { durationMs } from '../../../src/timeline/duration.ts'
import { TimelinePlan } from '../../../src/timeline/plan.ts'
import type { OracleEvent } from '../../oracle.ts'
import { COLUMNS, encode, SCHEMAS, T0, typeOf } from '../random-timeline.ts'

/** The columns of a table's events, as users name them: of each kind one. */
export const columns = Object.fromEntries(
  COLUMNS.map(({ name }) => [name, makeColumn('s', name)]),
) as unknown as Record<
  'amount' | 'points' | 'score' | 'shop' | 'status' | 'fraud' | 'settled_at',
  Column<'s', string, never>
>

/** An event so many seconds before the instant that is asked for. */
export function event(
  seconds: number,
  values: Readonly<Record<string, Value>> = {},
  rest: Partial<Pick<OracleEvent, 'id' | 'version' | 'deleted'>> = {},
): OracleEvent {
  return { id: `e${seconds}`, time_ms: T0 - seconds * 1000, version: 0, deleted: false, values, ...rest }
}

/** What an aggregate, over a minute where it has no window yet, gives of some events, in the order of its windows. */
export function ask(
  aggregate: Aggregate<string, unknown> | Windowed,
  events: readonly OracleEvent[],
  current: OracleEvent | null = null,
): FeatureValue[] {
  const { spec } = 'spec' in aggregate ? aggregate : aggregate.over('60s')
  const delay_ms = spec.delay === null ? 0 : durationMs(spec.delay)
  const features = spec.windows.map((window) => ({ spec, window_ms: durationMs(window), delay_ms }))
  const plan = new TimelinePlan(features, typeOf, SCHEMAS, aggregates)
  const out: FeatureValue[] = []
  plan.read(encode(events), T0, current === null ? null : encode([current]), out)
  return out
}
