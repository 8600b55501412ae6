import { describe, expect, it } from 'vitest'
import { count, entity, featureGroup, featureService, source, sum, z } from '../../src/index.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { DAY, modelOf, NOW, World } from './world.ts'

const clicks = source('clicks', {
  schema: z.object({ id: z.string(), at: z.int(), user: z.string(), cost: z.int(), kind: z.enum(['a', 'b']) }),
  id: 'id',
  time: 'at',
  stream: { topic: 'clicks' },
})
const user = entity('user', { key: { user: z.string() } })
const slim = featureGroup('slim', { source: clicks, entity: user, features: { clicks: count().over('1d') } })
const wide = featureGroup('wide', { source: clicks, entity: user, features: { cost: sum(clicks.cost).over('1d') } })

const older = modelOf({ s: featureService('stats', { event: clicks, features: [slim] }) })
const newer = modelOf({ s: featureService('stats', { event: clicks, features: [slim, wide] }) })

const click = (id: string, at: number, cost: number) => ({ id, at, user: 'u', cost, kind: 'a' })
const event = click('now', NOW, 7)

describe('while definitions change', () => {
  it('a service is not ready before its timelines are registered', async () => {
    const world = new World({ model: newer })
    const message = 'the online store does not know the timeline of clicks by user as it is defined'
    expect(world.vectors.unready()).toEqual([message])
    await expect(world.vectors.answer('stats', { event })).rejects.toMatchObject({ code: 'NOT_READY', message })
    await world.open()
    expect(world.vectors.unready()).toEqual([])
    expect((await world.ask('stats', { event })).features).toEqual({ slim__clicks_1d: 1, wide__cost_1d: 7 })
  })

  it('nor while only an older process registered them, without a column that it needs', async () => {
    const store = new MemoryOnlineStore()
    await new World({ model: older, store }).open()
    const world = new World({ model: newer, store })
    await world.vectors.refresh()
    await expect(world.vectors.answer('stats', { event })).rejects.toMatchObject({ code: 'NOT_READY' })
  })

  it('rows of a schema that came after the last look are read after another one', async () => {
    const world = await new World({ model: newer }).open()
    const looks = spyOnDocuments(world.store)
    await grow(world)
    expect((await world.ask('stats', { event })).features).toEqual({ slim__clicks_1d: 2, wide__cost_1d: 10 })
    expect(looks()).toBe(1)
  })

  it('rows of a schema that nobody registered are an error, not a crash', async () => {
    const world = await new World({ model: newer }).open()
    await world.put('clicks', click('a', NOW - 5, 3))
    const { fingerprint } = world.timeline('clicks', 'user')
    for await (const key of world.store.keys(`mr:${fingerprint}`)) {
      const [rows] = await world.store.read([key])
      // The schema number of its row.
      new DataView(rows!.buffer, rows!.byteOffset).setUint16(4, 65_535, true)
      await world.store.append([{ key, rows: rows!, expires_at_ms: null }])
    }
    const { status, features } = await world.ask('stats', { event })
    expect(status).toEqual({ slim__clicks_1d: 'error', wide__cost_1d: 'error' })
    expect(features).toEqual({ slim__clicks_1d: null, wide__cost_1d: null })
  })

  it('the scored event has its columns, though an older process registered a later schema without them', async () => {
    const world = await new World({ model: newer }).open()
    const { fingerprint } = world.timeline('clicks', 'user')
    const found = await world.store.document(`timeline/${fingerprint}`)
    const record = found!.value as { schemas: { columns: object[]; schemas: object[] } }
    const schemas = { ...record.schemas, schemas: [...record.schemas.schemas, { number: 2, columns: [] }] }
    await world.store.putDocument(`timeline/${fingerprint}`, { ...record, schemas }, found!.version)
    await world.vectors.refresh()
    expect((await world.ask('stats', { event })).features).toEqual({ slim__clicks_1d: 1, wide__cost_1d: 7 })
  })

  it('coverage that comes while the store is read is not claimed of what was read before', async () => {
    const world = await new World({ model: newer }).open()
    const { fingerprint } = world.timeline('clicks', 'user')
    await world.cover(fingerprint, null)
    await world.vectors.refresh()
    const read = world.store.read.bind(world.store)
    let reads = 0
    world.store.read = async (keys) => {
      const rows = await read(keys)
      if (reads++ === 0) {
        // A backfill ends in between.
        await world.put('clicks', click('old', NOW - DAY / 2, 100))
        await world.cover(fingerprint, 0)
        await world.vectors.refresh()
      }
      return rows
    }
    const { features, status } = await world.ask('stats', { event })
    expect({ features, status }).toEqual({ features: { slim__clicks_1d: 2, wide__cost_1d: 107 }, status: {} })
    expect(reads).toBe(2)
  })

  it('what was known of the streams is not claimed of what was read after the store had lost it', async () => {
    const world = await new World({ model: newer }).open()
    world.watermarks.clicks = NOW - 5
    const read = world.store.read.bind(world.store)
    let reads = 0
    world.store.read = async (keys) => {
      if (reads++ === 0) world.watermarks.clicks = NOW - 60
      return read(keys)
    }
    const { watermarks } = await world.vectors.answer('stats', { event })
    expect([watermarks, reads]).toEqual([{ clicks: NOW - 60 }, 2])
  })
})

/** Writes a row of a schema that the world's services have not seen. */
async function grow(world: World): Promise<void> {
  const { fingerprint } = world.timeline('clicks', 'user')
  const found = await world.store.document(`timeline/${fingerprint}`)
  const record = found!.value as { schemas: { columns: { name: string; type: object }[]; schemas: object[] } }
  const columns = [...record.schemas.columns, { name: 'extra', type: { kind: 'int' } }]
  const schemas = [...record.schemas.schemas, { number: 2, columns: [0] }]
  await world.store.putDocument(`timeline/${fingerprint}`, { ...record, schemas: { columns, schemas } }, found!.version)
  await world.put('clicks', click('a', NOW - 5, 3))
}

function spyOnDocuments(store: MemoryOnlineStore): () => number {
  let calls = 0
  const documents = store.documents.bind(store)
  store.documents = (prefix) => {
    calls++
    return documents(prefix)
  }
  return () => calls
}
