import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ClockMode } from '../features/clock.ts'
import type { Model, SourceModel } from '../features/model.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import type { EventArchive, HashedEvent } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { archiveLoaded } from '../stores/timeline-registry.ts'
import { loadArchive } from './archive-load.ts'
import type { BackfillRunner } from './backfill-runner.ts'
import type { EngineStatus } from './engine-status.ts'
import { eventIds } from './event-ids.ts'
import { createGcApi } from './gc-api.ts'
import { createQuarantineApi } from './quarantine-api.ts'
import { createRenewApi } from './renew-api.ts'

/** One load call: about 200 bytes a line, which a process holds in memory several times over. */
const LOAD_BYTES_MAX = 64 * 1024 * 1024

const NDJSON = 'application/x-ndjson'

export interface AdminDeps {
  readonly model: Model
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  readonly backfills: BackfillRunner
  readonly status: () => Promise<EngineStatus>
  /** Called when rows went straight into an archive: a backfill is due. */
  readonly onArchiveLoaded: () => Promise<void>
  readonly now: () => number
  readonly clock: ClockMode
  /** How long other processes may take to learn of a change. 0: there are none, and this one works by the model. */
  readonly writers_ms: number
}

class AdminError extends Error {
  readonly status: ContentfulStatusCode
  readonly code: string
  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** What the commands need beyond the public API. Only for this machine: it is not meant for scoring services. */
export function createAdminApi(deps: AdminDeps): Hono {
  const { model, store, archive } = deps
  const app = new Hono()
  app.onError((error, c) => {
    const isOurs = error instanceof AdminError
    const body = { error: { code: isOurs ? error.code : 'INTERNAL', message: error.message } }
    return c.json(body, isOurs ? error.status : 500)
  })

  const known = (name: string): SourceModel => {
    const source = model.sources.get(name)
    if (source !== undefined) return source
    throw new AdminError(
      404,
      'SOURCE_UNKNOWN',
      `there is no source '${name}': there are ${[...model.sources.keys()].join(', ')}`,
    )
  }
  const archived = (name: string): SourceModel => {
    const source = known(name)
    if (source.archive === null) {
      throw new AdminError(
        409,
        'NO_ARCHIVE',
        `source ${name} has no archive: give it one with archive: { table: '...' }`,
      )
    }
    return source
  }
  const originOf = (origin: string | undefined): string => {
    if (origin?.startsWith('file/')) return origin
    throw new AdminError(422, 'ORIGIN', `origin: '${origin ?? ''}' must begin with file/`)
  }

  app.route('/quarantine', createQuarantineApi(deps))
  app.route('/renew', createRenewApi(deps))
  app.route('/gc', createGcApi({ ...deps, works: deps.writers_ms === 0 }))

  app.get('/status', async (c) => c.json(await deps.status()))

  app.post('/sources/:source/event-ids', async (c) => {
    const source = known(c.req.param('source'))
    const { events } = await c.req.json<{ events: HashedEvent[] }>()
    return c.json({ ids: await eventIds(source, deps, events) })
  })

  app.post('/sources/:source/archive/begin', async (c) => {
    const source = archived(c.req.param('source'))
    const columns = archiveColumns(source)
    await archive.create(source.archive!.table, columns, columns[source.time]!.name)
    await archiveLoaded(store, source.name)
    return c.json({})
  })
  app.post('/sources/:source/archive/end', async (c) => {
    await archiveLoaded(store, archived(c.req.param('source')).name)
    await deps.onArchiveLoaded()
    return c.json({})
  })
  app.get('/sources/:source/archive/position', async (c) => {
    const { table } = archived(c.req.param('source')).archive!
    const origin = originOf(c.req.query('origin'))
    const sequence = (await archive.describe(table)) === null ? null : await archive.lastSequence(table, origin)
    return c.json({ sequence })
  })
  app.post('/sources/:source/archive', async (c) => {
    const source = archived(c.req.param('source'))
    const origin = originOf(c.req.query('origin'))
    const body = await c.req.arrayBuffer()
    if (body.byteLength > LOAD_BYTES_MAX) {
      throw new AdminError(
        413,
        'BODY_TOO_LARGE',
        `a body of ${body.byteLength} bytes is over ${LOAD_BYTES_MAX}: send fewer lines`,
      )
    }
    return c.json(await loadArchive(archive, source, origin, Buffer.from(body).toString('utf8'), deps.now()))
  })

  app.post('/backfill', async (c) => {
    const { groups } = await c.req.json<{ groups: string[] }>()
    let named: ReturnType<BackfillRunner['ofGroups']>
    try {
      named = deps.backfills.ofGroups(groups)
    } catch (error) {
      if (error instanceof RangeError) throw new AdminError(404, 'GROUP_UNKNOWN', error.message)
      throw error
    }
    c.header('content-type', NDJSON)
    return stream(c, async (out) => {
      const tell = (event: object) => out.write(`${JSON.stringify(event)}\n`)
      const ok = await deps.backfills.run(groups.length === 0 ? 'due' : named, (event) => void tell(event))
      await tell({ type: 'end', ok })
    })
  })
  return app
}
