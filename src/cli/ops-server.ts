import { Hono } from 'hono'
import { type Listener, listen } from './listen.ts'
import type { Metrics } from './metrics.ts'

export interface OpsOptions {
  /** Why the process is not ready, in sentences; none where it is. */
  readonly ready: () => readonly string[]
  /** What is worth knowing though it does not keep the process from its work. */
  readonly notes: () => readonly string[]
  readonly metrics: Metrics
}

/**
 * `/healthz`, 200 while the process answers; `/readyz`, 200 or 503 with the reasons; `/metrics`, for Prometheus. To be mounted
 * before other routes, or to be listened on alone: see {@link openOpsServer}.
 */
export function opsApp({ ready, notes, metrics }: OpsOptions): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const reasons = ready()
    return reasons.length === 0
      ? c.json({ status: 'ready', notes: notes() })
      : c.json({ status: 'not_ready', reasons, notes: notes() }, 503)
  })
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
  return app
}

/** Listens for the routes of {@link opsApp} alone, for processes that serve nothing else. Throws a UsageError where it cannot. */
export function openOpsServer(
  options: OpsOptions,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener> {
  return listen(opsApp(options).fetch, { host, port, flag: 'MILLRACE_HTTP_PORT' })
}
