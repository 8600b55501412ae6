import { METRICS, type MetricEntry } from '../../src/cli/metric-table.ts'
import { page, table } from './markdown.ts'

const INTRODUCTION = `Every process gives its metrics at \`/metrics\`, in the format of Prometheus, from its first moment. Times are in seconds, as is the custom there.`

/** Every metric, with its labels. */
export function metricsPage(): string {
  const rows = Object.values(METRICS as Readonly<Record<string, MetricEntry>>).map(({ name, type, labels, text }) => [
    `\`${name}\``,
    type,
    labels.join(', '),
    text,
  ])
  return page('Metrics', INTRODUCTION, table(['metric', 'type', 'labels', 'what it tells'], rows))
}
