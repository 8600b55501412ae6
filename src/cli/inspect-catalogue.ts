import { Hono } from 'hono'
import type { ClockMode } from '../features/clock.ts'
import type { Model } from '../features/model.ts'
import { catalogue, withHealth } from '../serving/http/catalogue.ts'
import { StoreProgress } from '../serving/store-progress.ts'
import { VectorService } from '../serving/vector-service.ts'
import type { Stores } from './embedded-stores.ts'
import { EngineClock } from './engine-clock.ts'
import { createInspectApi } from './inspect-api.ts'

export interface InspectOptions {
  readonly clock: ClockMode
  /** Whether other processes carry the streams, and tell of it in the store. */
  readonly servers: boolean
}

/**
 * What a command that only looks asks: the inspecting part of the admin API and, for definitions, `GET /v1/catalogue` by what the
 * store holds. Nothing is registered. Closes the stores where it throws.
 */
export async function openInspectApi(stores: Stores, model: Model | null, options: InspectOptions): Promise<Hono> {
  try {
    const app = new Hono().route('/', createInspectApi(stores.store, stores.archive))
    if (model === null) return app
    const vectors = await openVectors(stores, model, options)
    return app.get('/v1/catalogue', (c) => c.json(withHealth(catalogue(model), vectors.health())))
  } catch (error) {
    await stores.close()
    throw error
  }
}

async function openVectors({ store }: Stores, model: Model, { clock: mode, servers }: InspectOptions) {
  const clock = new EngineClock(mode)
  await clock.load(store)
  const progress = servers ? new StoreProgress(store, model) : null
  const watermark = progress === null ? () => null : progress.watermark
  const options = { model, store, now: clock.now, clock: mode, watermark }
  const vectors = new VectorService(progress === null ? options : { ...options, progress })
  await vectors.refresh()
  return vectors
}
