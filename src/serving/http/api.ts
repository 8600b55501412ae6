import { OpenAPIHono } from '@hono/zod-openapi'
import type { Model } from '../../features/model.ts'
import type { VectorService } from '../vector-service.ts'
import { allowedMethods } from './allowed-methods.ts'
import { describeApi } from './api-description.ts'
import { ApiError, errorBody, errorStatus, publicError } from './api-error.ts'
import { catalogue } from './catalogue.ts'
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
}

/** The HTTP API. It does not listen; more routes can be put on it before its first call. */
export function createApi(options: ApiOptions): OpenAPIHono {
  const { model, vectors, ready, onFailure = console.error } = options
  const app = new OpenAPIHono()
  addEventRoutes(app, model, options.append)
  addServiceRoutes(app, vectors)

  const described = JSON.stringify(catalogue(model))
  app.get('/v1/catalogue', (c) => c.body(described, 200, { 'content-type': 'application/json' }))
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const reasons = [...vectors.unready(), ...ready()]
    return reasons.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not_ready', reasons }, 503)
  })

  describeApi(app.openAPIRegistry, model)
  app.get('/openapi.json', (c) => {
    const info = { title: 'millrace', version: '1', description: 'Features of the definitions that are served.' }
    return c.json(app.getOpenAPI31Document({ openapi: '3.1.0', info }))
  })

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
    return c.json(errorBody(shown), status)
  })
  return app
}
