import { type Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import type { Model, SourceModel } from '../features/model.ts'
import type { EventLog } from '../stores/event-log.ts'
import { QuarantineDesk, type QuarantinedEvent, type ReplayOutcome } from './quarantine-replay.ts'
import { streamedSources } from './stream-group.ts'

/** A line of the answer to a listing; `end` comes last, and counts also what is not shown. */
export type QuarantineLine = { readonly event: QuarantinedEvent } | { readonly end: { readonly total: number } }

/** Under `/quarantine` of the admin API: what the streams have kept aside, and its replay. */
export function createQuarantineApi({
  model,
  log,
  now,
}: {
  readonly model: Model
  readonly log: EventLog
  readonly now: () => number
}): Hono {
  const app = new Hono()
  const desk = new QuarantineDesk(model, log, now)
  const unknown = (c: Context, name: string) => {
    const names = streamedSources(model).map((source) => source.name)
    const message = `there is no source '${name}' that has a stream: there are ${names.join(', ')}`
    return c.json({ error: { code: 'SOURCE_UNKNOWN', message } }, 404)
  }
  const streamed = (name: string): SourceModel | undefined =>
    streamedSources(model).find((source) => source.name === name)

  app.get('/', (c) => {
    const { source: name, all, limit = '100' } = c.req.query()
    const source = name === undefined ? null : streamed(name)
    if (source === undefined) return unknown(c, name!)
    c.header('content-type', 'application/x-ndjson')
    return stream(c, async (out) => {
      const tell = (line: QuarantineLine) => out.write(`${JSON.stringify(line)}\n`)
      let total = 0
      for await (const event of desk.list(source, all === 'true')) {
        if (++total <= Number(limit)) await tell({ event: await desk.whole(event) })
      }
      await tell({ end: { total } })
    })
  })
  app.post('/replay', async (c) => {
    const { source: name } = await c.req.json<{ source: string | null }>()
    const source = name === null ? null : streamed(name)
    if (source === undefined) return unknown(c, name!)
    const outcomes: ReplayOutcome[] = []
    for (const one of source === null ? streamedSources(model) : [source]) outcomes.push(await desk.replay(one))
    return c.json({ outcomes })
  })
  return app
}
