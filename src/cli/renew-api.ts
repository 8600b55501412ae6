import { Hono } from 'hono'
import { type RenewDeps, type RenewView, renewTopic, viewRenewal } from './renew-topic.ts'

export interface RenewRequest {
  readonly topic: string
  readonly begin: boolean
}

/** Under `/renew` of the admin API: how a topic stands of which there may be another now, and its new beginning. */
export function createRenewApi(deps: RenewDeps): Hono {
  const app = new Hono()
  app.post('/', async (c) => {
    const { topic, begin } = await c.req.json<RenewRequest>()
    let view: RenewView
    try {
      view = await viewRenewal(deps, topic)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return c.json({ error: { code: 'TOPIC_UNKNOWN', message: error.message } }, 404)
    }
    if (begin && (view.replaced || !view.certain)) await renewTopic(deps, topic)
    return c.json(view)
  })
  return app
}
