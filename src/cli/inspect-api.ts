import { Hono } from 'hono'
import type { ArchiveColumn, EventArchive } from '../stores/event-archive.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { readTimelines } from '../stores/timeline-registry.ts'
import { archiveSample, type SampleScan } from './archive-sample.ts'
import { readLiveParts } from './live-definitions.ts'
import { timelineSize } from './timeline-size.ts'

/**
 * The part of the admin API that only looks, under the same paths: for `check`, `plan` and `catalogue`, which must see a data folder as it
 * is, before the new definitions are registered in it.
 */
export function createInspectApi(store: OnlineStore, archive: EventArchive): Hono {
  const app = new Hono().basePath('/admin/v1')
  app.onError((error, c) => c.json({ error: { code: 'INTERNAL', message: error.message } }, 500))
  app.get('/timelines', async (c) => c.json({ records: [...(await readTimelines(store)).values()] }))
  app.get('/live', async (c) => c.json(await readLiveParts(store)))
  app.get('/archive-table', async (c) => {
    const table = await archive.describe(c.req.query('table') ?? '')
    if (table === null) return c.json(null)
    return c.json({ columns: Object.fromEntries([...table.columns].map(([name, { type }]) => [name, type])) })
  })
  app.get('/timelines/:fingerprint/size', async (c) => c.json(await timelineSize(store, c.req.param('fingerprint'))))
  app.post('/archive-stats', async (c) => {
    const asked = await c.req.json<{
      table: string
      time: ArchiveColumn
      key: ArchiveColumn[]
      from_ms: number | null
    }>()
    if ((await archive.describe(asked.table)) === null) return c.json(null)
    return c.json(await archive.stats(asked.table, asked.time, asked.key, asked.from_ms))
  })
  app.post('/archive-sample', async (c) => {
    const scan = await c.req.json<SampleScan>()
    if ((await archive.describe(scan.table)) === null) return c.json({ blocks: [] })
    return c.json(await archiveSample(archive, scan))
  })
  return app
}
