import { Hono } from 'hono'
import type { Model, SourceModel } from '../../features/model.ts'
import type { VectorService } from '../vector-service.ts'
import { allowedMethods } from './allowed-methods.ts'
import { describeApi } from './api-description.ts'
import { ApiError, errorBody, errorHeaders, errorStatus, publicError } from './api-error.ts'
import { type Catalogue, catalogue, withHealth } from './catalogue.ts'
import { addDocsPage } from './docs-page.ts'
import { type AppendEvents, addEventRoutes } from './event-routes.ts'
import { addServiceRoutes } from './service-routes.ts'

export interface ApiOptions {
  readonly model: Model
  readonly vectors: VectorService
  readonly append: AppendEvents
  /** Why the process is not ready, in sentences; none where it is. */
  readonly ready: () => readonly string[]
  /** Told of what went wrong here, by which no caller is to blame. Default: standard error. */
  readonly onFailure?: (error: unknown) => void
  /** Told of every answer of a service that there is: its status, and how long it took. */
  readonly onAnswered?: (service: string, status: number, seconds: number) => void
  /** Told of events that were refused. */
  readonly onRejected?: (source: SourceModel, count: number) => void
}

/** The HTTP API. It does not listen; more routes can be put on it before its first call. */
export function createApi(options: ApiOptions): Hono {
  const { model, vectors, ready, onFailure = console.error } = options
  const app = new Hono()
  if (options.onAnswered !== undefined) addTimer(app, model, options.onAnswered)
  addEventRoutes(app, model, options.append, options.onRejected)
  addServiceRoutes(app, vectors)

  let described: Catalogue | null = null
  app.get('/v1/catalogue', (c) => {
    // Made when it is asked for: it tries the functions of derived values out.
    described ??= catalogue(model)
    return c.json(withHealth(described, vectors.health()))
  })
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const reasons = [...vectors.unready(), ...ready()]
    return reasons.length === 0
      ? c.json({ status: 'ready' })
      : c.json({ status: 'not_ready', reasons }, 503, { 'retry-after': '1' })
  })

  let description: string | null = null
  app.get('/openapi.json', (c) => {
    // Made when it is asked for: most processes never are.
    description ??= JSON.stringify(describeApi(model))
    return c.body(description, 200, { 'content-type': 'application/json' })
  })

  addDocsPage(app)

  app.notFound((c) => {
    const { method, path } = c.req
    const allowed = allowedMethods(app.routes, path)
    const error =
      allowed.length === 0
        ? new ApiError('ROUTE_UNKNOWN', `there is nothing at ${path}`, 'see /openapi.json for what there is')
        : new ApiError('METHOD_NOT_ALLOWED', `${path} takes no ${method}`, `send ${allowed.join(' or ')}`)
    return c.json(errorBody(error), errorStatus(error), allowed.length === 0 ? {} : { allow: allowed.join(', ') })
  })
  app.onError((error, c) => {
    const shown = publicError(error)
    const status = errorStatus(shown)
    if (status >= 500) onFailure(error)
    return c.json(errorBody(shown), status, errorHeaders(shown))
  })
  return app
}

function addTimer(app: Hono, model: Model, onAnswered: NonNullable<ApiOptions['onAnswered']>): void {
  app.use('/v1/services/:service/*', async (c, next) => {
    const begun_ms = performance.now()
    await next()
    const service = c.req.param('service')
    if (model.services.has(service)) onAnswered(service, c.res.status, (performance.now() - begun_ms) / 1_000)
  })
}
