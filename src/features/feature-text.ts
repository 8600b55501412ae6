import type { AggregateSpec } from '../timeline/aggregate.ts'
import { aggregates } from '../timeline/aggregates/index.ts'
import { durationMs, formatDuration } from '../timeline/duration.ts'
import type { FilterNode } from '../timeline/filter.ts'

/** Names of filters whose node is called otherwise. */
const FILTER_NAMES: Readonly<Record<string, string>> = { in: 'inList', null: 'isNull' }

/** What makes a feature at one of its windows. */
export interface WrittenFeature
  extends Pick<AggregateSpec, 'aggregate' | 'column' | 'of' | 'params' | 'where' | 'excludeCurrent'> {
  readonly per: { readonly column: string; readonly limit: number } | null
  readonly window: string
  readonly delay: string | null
}

/** A feature as one would write it: `count().where(eq(status, "declined")).over('24h')`. */
export function featureText(feature: WrittenFeature): string {
  const { aggregate, column, of, params, where, per, excludeCurrent, window, delay } = feature
  const parts = [column, of === null ? null : filterText(of), paramsText(params)].filter((part) => part !== null)
  const leavesOut = excludeCurrent && aggregates.get(aggregate)?.readsCurrent !== true
  return [
    `${aggregate}(${parts.join(', ')})`,
    where === null ? '' : `.where(${filterText(where)})`,
    leavesOut ? '.excludeCurrent()' : '',
    per === null ? '' : `.per(${per.column}, { limit: ${per.limit} })`,
    `.over('${window}')`,
    delay === null ? '' : `.delayed('${delay}')`,
  ].join('')
}

/** One of its windows, as it was written and is served: `24h` is not `1d`. */
export function windowText({ windows }: Pick<AggregateSpec, 'windows'>, window_ms: number): string {
  return windows.find((one) => durationMs(one) === window_ms) ?? formatDuration(window_ms)
}

/** Parameters as the function takes them: `toNow` within its options, the others one behind the other. */
function paramsText(params: AggregateSpec['params']): string | null {
  const entries = Object.entries(params)
  if (entries.length === 0) return null
  const texts = entries.map(([name, value]) => {
    if (name === 'toNow') return '{ toNow: true }'
    if (name.endsWith('_ms')) return `'${formatDuration(value as number)}'`
    return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
  })
  return texts.join(', ')
}

/** A filter as one would write it. */
export function filterText(node: FilterNode): string {
  const parts = Object.entries(node).flatMap(([part, value]) => {
    if (part === 'op' || part === 'source') return []
    if (part === 'column') return [String(value)]
    if (part === 'filter') return [filterText(value as FilterNode)]
    if (part === 'filters') return (value as FilterNode[]).map(filterText)
    return [JSON.stringify(value)]
  })
  return `${FILTER_NAMES[node.op] ?? node.op}(${parts.join(', ')})`
}
