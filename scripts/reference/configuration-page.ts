import { resolveConfig } from '../../src/cli/config/resolve-config.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { formatDuration } from '../../src/timeline/duration.ts'
import { page, table } from './markdown.ts'

const INTRODUCTION = `Options stand in \`millrace.config.ts\`, in the folder where a command is called, or in the file that \`--config\` names; a variable wins over
its option. Nothing has to be configured for \`millrace dev\`, which keeps all in one folder.

\`\`\`ts
// millrace.config.ts
import { defineConfig } from 'millrace/config'

export default defineConfig({
  redis: { url: 'redis://redis:6379', prefix: 'fraud:' },
  kafka: { brokers: ['kafka-1:9092', 'kafka-2:9092'] },
  clickhouse: { url: 'http://clickhouse:8123', user: 'millrace', database: 'fraud' },
})
\`\`\``

/** Every variable and option, with its default. */
export function configurationPage(): string {
  const urls = ['REDIS_URL=redis://h', 'KAFKA_BROKERS=h:9092', 'CLICKHOUSE_URL=http://h:8123']
  const env = Object.fromEntries(urls.map((line) => `MILLRACE_${line}`.split('=') as [string, string]))
  const config = resolveConfig({ file: null, env, cwd: '/' })
  const rows = VARIABLES.map(({ name, path, as, text }) => {
    const standard = name in env ? '' : defaultOf(config, path)
    const form = as === 'pem' ? ' A PEM text, or its file.' : as === 'time' ? " As '250ms', '10s'." : ''
    return [`\`${name}\``, `\`${path}\``, `${text}${form}`, standard === '' ? '' : `\`${standard}\``]
  })
  return page('Configuration', INTRODUCTION, table(['variable', 'option', 'what it says', 'default'], rows))
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
