import { resolve } from 'node:path'
import { loadModel } from '../../src/cli/load-definitions.ts'
import { createApi } from '../../src/serving/http/api.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { page, sentence, table } from './markdown.ts'

interface Operation {
  readonly summary?: string
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}

const DEFS = resolve(import.meta.dirname, '../../feature-defs')

const INTRODUCTION = `\`/openapi.json\` describes the API of the definitions that are served, with a typed path for each service and source, and \`/docs\` shows it in the
browser. Here a service is \`:service\`, a source \`:source\`, a feature \`:feature\`. Bodies are JSON in UTF-8; [errors](errors.md) have a code. A body may be
sent again as often as wanted: events count once, and questions change nothing.`

/** Of routes that the description has once for each service or source, in its own words. */
const SUMMARIES: Readonly<Record<string, string>> = {
  'POST /v1/sources/:source/events':
    'takes events into the log, as NDJSON or as a JSON array, and answers when they are durable',
  'POST /v1/services/:service': 'answers the features of a service, with the event that is scored, or by keys',
  'POST /v1/services/:service/batch': 'many requests of a service at once: one bad row does not spoil the others',
  'GET /v1/services/:service/vector':
    'the names of the values that `format=vector` gives, in their order, with a fingerprint',
}

/** Every route, from the description of the API. */
export async function httpPage(): Promise<string> {
  const model = await loadModel(DEFS)
  const vectors = new VectorService({
    model,
    store: new MemoryOnlineStore(),
    now: () => 0,
    clock: 'wall',
    watermark: () => null,
  })
  const app = createApi({ model, vectors, append: async () => {}, ready: () => [] })
  const { paths } = (await (await app.request('/openapi.json')).json()) as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const routes = new Map<string, Operation>()
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${generic(path)}`
      if (!routes.has(name)) routes.set(name, operation)
    }
  }
  const sections = [...routes].map(([name, { summary = '', responses }]) => {
    const rows = Object.entries(responses).map(([status, { description }]) => [status, whenOf(description)])
    return `## ${name}\n\n${sentence(SUMMARIES[name] ?? summary)}\n\n${table(['status', 'when'], rows)}`
  })
  return page('HTTP', INTRODUCTION, ...sections)
}

/** Of errors their codes, which the page of errors explains. */
function whenOf(description: string): string {
  const codes = [...description.matchAll(/^`[A-Z_]+`(?=: )/gm)].map(([code]) => code)
  return codes.length === 0 ? sentence(description) : codes.join(', ')
}

function generic(path: string): string {
  return path
    .replace(/^\/v1\/services\/[^/]+/, '/v1/services/:service')
    .replace(/^\/v1\/sources\/[^/]+/, '/v1/sources/:source')
    .replaceAll(/\{(\w+)\}/g, ':$1')
}
