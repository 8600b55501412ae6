import type { Hono } from 'hono'
import type { Model, SourceModel } from '../../features/model.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { ApiError, errorBody } from './api-error.ts'
import { readText } from './body.ts'
import { EVENTS_MAX, readEvents, type TakenEvent } from './event-list.ts'

/** Largest body of events: {@link EVENTS_MAX} events of well over a kilobyte each. */
export const EVENT_BYTES_MAX = 16 * 1024 * 1024

/** Puts events into the log of their source; resolves when they are durable. */
export type AppendEvents = (source: SourceModel, events: readonly TakenEvent[]) => Promise<void>

/** `POST /v1/sources/:source/events`: what it accepts is durable. */
export function addEventRoutes(
  app: Hono,
  model: Model,
  append: AppendEvents,
  onRejected?: (source: SourceModel, count: number) => void,
): void {
  app.post('/v1/sources/:source/events', async (c) => {
    const source = sourceOf(model, c.req.param('source'))
    const text = await readText(c, EVENT_BYTES_MAX)
    const { taken, rejected } = readEvents(source, c.req.header('content-type'), text)
    if (rejected.length > 0) onRejected?.(source, rejected.length)
    if (taken.length > 0) await appended(append, source, taken)
    const answer = { accepted: taken.length, rejected }
    if (taken.length > 0 || rejected.length === 0) return c.json(answer)
    const message = `${source.name} takes none of the ${rejected.length} events: ${rejected[0]!.message}`
    return c.json({ ...answer, ...errorBody(new ApiError('EVENTS_REJECTED', message, rejected[0]!.cure)) }, 422)
  })
}

function sourceOf(model: Model, name: string): SourceModel {
  const source = model.sources.get(name)
  if (source === undefined) {
    throw new ApiError('SOURCE_UNKNOWN', `there is no source '${name}'`, namesCure(name, model.sources.keys()))
  }
  if (!source.streamed) {
    const cure = `give it one, as stream: { topic: '${name}' }, or load its archive`
    throw new ApiError('SOURCE_NOT_STREAMED', `the source ${name} has no stream`, cure)
  }
  return source
}

async function appended(append: AppendEvents, source: SourceModel, events: readonly TakenEvent[]): Promise<void> {
  try {
    await append(source, events)
  } catch (cause) {
    const cure = 'send them all again: those that were stored count once'
    throw new ApiError('INTAKE_FAILED', 'the log did not take the events', cure, cause)
  }
}
