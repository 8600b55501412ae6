import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { resolveConfig } from '../src/cli/config/resolve-config.ts'
import { VARIABLES } from '../src/cli/config/variables.ts'
import { METRICS, type MetricEntry } from '../src/cli/metric-table.ts'
import { formatDuration } from '../src/timeline/duration.ts'

export const OPERATIONS = resolve(import.meta.dirname, '../docs/operations.md')

/** The tables of docs/operations.md that are made from the code, by the name in the comment above each. */
export function operationsTables(): Readonly<Record<string, string>> {
  return { variables: variableTable(), metrics: metricTable() }
}

/** A text with its tables as they are now. Throws where a place for one is missing. */
export function withTables(text: string, tables = operationsTables()): string {
  return Object.entries(tables).reduce((before, [name, table]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`)
    if (!place.test(before)) throw new Error(`docs/operations.md has no place for ${name}`)
    return before.replace(place, (_, begin: string, end: string) => `${begin}${table}\n${end}`)
  }, text)
}

function variableTable(): string {
  const urls = ['REDIS_URL=redis://h', 'KAFKA_BROKERS=h:9092', 'CLICKHOUSE_URL=http://h:8123']
  const env = Object.fromEntries(urls.map((line) => `MILLRACE_${line}`.split('=') as [string, string]))
  const config = resolveConfig({ file: null, env, cwd: '/' })
  const rows = VARIABLES.map(({ name, path, as, text }) => {
    const standard = name in env ? '' : defaultOf(config, path)
    const form = as === 'pem' ? ' A PEM text, or its file.' : as === 'time' ? " As '250ms', '10s'." : ''
    return [`\`${name}\``, `\`${path}\``, `${text}${form}`, standard === '' ? '' : `\`${standard}\``]
  })
  return table(['variable', 'option', 'what it says', 'default'], rows)
}

/** What holds where nobody says anything; empty for nothing. */
function defaultOf(config: object, path: string): string {
  const at = (one: string) =>
    one.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], config)
  const ms = at(`${path}_ms`)
  if (typeof ms === 'number') return formatDuration(ms)
  const value = at(path)
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : ''
}

function metricTable(): string {
  const rows = Object.values(METRICS as Readonly<Record<string, MetricEntry>>).map(({ name, type, labels, text }) => [
    `\`${name}\``,
    type,
    labels.join(', '),
    text,
  ])
  return table(['metric', 'type', 'labels', 'what it tells'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(OPERATIONS, withTables(readFileSync(OPERATIONS, 'utf8')))
}
