import type { FeatureModel } from '../features/model.ts'
import { durationMs, formatDuration } from '../timeline/duration.ts'
import type { FilterNode } from '../timeline/filter.ts'

/** Names of filters whose node is called otherwise. */
const FILTER_NAMES: Readonly<Record<string, string>> = { in: 'inList', null: 'isNull' }

/** A feature as one would write it: `count().where(eq(status, "declined")).over("24h")`. */
export function featureText({ spec, window_ms }: FeatureModel): string {
  const { aggregate, column, of, params, where, excludeCurrent, windows, delay } = spec
  const window = windows.find((one) => durationMs(one) === window_ms) ?? formatDuration(window_ms)
  const given = [
    ...(column === null ? [] : [column]),
    ...(of === null ? [] : [filterText(of)]),
    ...Object.values(params),
  ]
  return [
    `${aggregate}(${given.join(', ')})`,
    where === null ? '' : `.where(${filterText(where)})`,
    excludeCurrent ? '.excludeCurrent()' : '',
    `.over('${window}')`,
    delay === null ? '' : `.delayed('${delay}')`,
  ].join('')
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
