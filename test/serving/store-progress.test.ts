import { beforeEach, describe, expect, it } from 'vitest'
import { enterGroup, groupName } from '../../src/cli/stream-group.ts'
import { count, entity, featureGroup, featureService, source, sum, z } from '../../src/index.ts'
import { StoreProgress } from '../../src/serving/store-progress.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { timelinesIn, updateTimeline } from '../../src/stores/timeline-registry.ts'
import { WatermarkBoard } from '../../src/stores/watermarks.ts'
import { modelOf, NOW } from './world.ts'

const clicks = source('clicks', {
  schema: z.object({ id: z.string(), at: z.int(), user: z.string(), cost: z.int() }),
  id: 'id',
  time: 'at',
  stream: { topic: 'clicks' },
})
const user = entity('user', { key: { user: z.string() } })
const slim = featureGroup('slim', { source: clicks, entity: user, features: { clicks: count().over('1d') } })
const wide = featureGroup('wide', { source: clicks, entity: user, features: { cost: sum(clicks.cost).over('1d') } })
const narrow = modelOf({ s: featureService('stats', { features: [slim] }) })
const full = modelOf({ s: featureService('stats', { features: [slim, wide] }) })
const now = () => NOW

let store: MemoryOnlineStore
let log: MemoryEventLog
beforeEach(async () => {
  store = new MemoryOnlineStore()
  log = new MemoryEventLog({ now })
  await log.ensureTopic('clicks', 2)
})

async function watermarkOf(model: typeof narrow): Promise<number | null> {
  const progress = new StoreProgress(store, model)
  const documents = await store.documents('')
  await progress.vet(documents, timelinesIn(documents))
  return progress.watermark('clicks')
}

/** Carries a partition on: moves its mark, and tells the others. */
async function carry(group: string, partition: number, from: number, offset: number, ms: number): Promise<void> {
  await store.append([], [{ group, topic: 'clicks', partition, from, offset }])
  await new WatermarkBoard(store, group).partition('clicks', partition, { offset, ms })
}

describe('the watermark that other processes tell', () => {
  it('is that of the partition which is behind, and never later than the last look for new partitions', async () => {
    const { name } = await enterGroup({ store, log, model: narrow, now })
    expect(await watermarkOf(narrow)).toBe(null)
    await new WatermarkBoard(store, name).topic('clicks', { partitions: 2, ms: NOW })
    expect(await watermarkOf(narrow)).toBe(null)
    await carry(name, 0, 0, 5, NOW - 10)
    expect(await watermarkOf(narrow)).toBe(null)
    await carry(name, 1, 0, 9, NOW - 70)
    expect(await watermarkOf(narrow)).toBe(NOW - 70)
    await new WatermarkBoard(store, name).topic('clicks', { partitions: 2, ms: NOW - 100 })
    expect(await watermarkOf(narrow)).toBe(NOW - 100)
  })

  it('is not known while a partition that has come is not carried', async () => {
    const { name } = await enterGroup({ store, log, model: narrow, now })
    for (const partition of [0, 1]) await carry(name, partition, 0, 5, NOW)
    await new WatermarkBoard(store, name).topic('clicks', { partitions: 3, ms: NOW })
    expect(await watermarkOf(narrow)).toBe(null)
  })

  it('holds no longer than its mark: where the store went back, it is not known until the mark is there again', async () => {
    const { name } = await enterGroup({ store, log, model: narrow, now })
    await new WatermarkBoard(store, name).topic('clicks', { partitions: 1, ms: NOW })
    await new WatermarkBoard(store, name).partition('clicks', 0, { offset: 5, ms: NOW })
    expect(await watermarkOf(narrow)).toBe(null)
    await store.append([], [{ group: name, topic: 'clicks', partition: 0, from: 0, offset: 4 }])
    expect(await watermarkOf(narrow)).toBe(null)
    await store.append([], [{ group: name, topic: 'clicks', partition: 0, from: 4, offset: 5 }])
    expect(await watermarkOf(narrow)).toBe(NOW)
  })

  it('is that of a group that writes as much or more, and never of one that writes less', async () => {
    const slimGroup = await enterGroup({ store, log, model: narrow, now })
    const fullGroup = await enterGroup({ store, log, model: full, now })
    expect(slimGroup.name).not.toBe(fullGroup.name)
    for (const [group, ms] of [
      [slimGroup.name, NOW],
      [fullGroup.name, NOW - 50],
    ] as const) {
      await new WatermarkBoard(store, group).topic('clicks', { partitions: 2, ms })
      for (const partition of [0, 1]) await carry(group, partition, 0, 1, ms)
    }
    expect(await watermarkOf(narrow)).toBe(NOW)
    expect(await watermarkOf(full)).toBe(NOW - 50)
    await new WatermarkBoard(store, fullGroup.name).topic('clicks', { partitions: 2, ms: NOW + 10 })
    for (const partition of [0, 1]) await carry(fullGroup.name, partition, 1, 2, NOW + 10)
    expect(await watermarkOf(narrow)).toBe(NOW + 10)
  })

  it('goes on where another worker told it last, also behind it', async () => {
    const { name } = await enterGroup({ store, log, model: narrow, now })
    const [one, two] = [new WatermarkBoard(store, name), new WatermarkBoard(store, name)]
    await one.topic('clicks', { partitions: 1, ms: NOW })
    for (const [board, ms] of [
      [one, NOW - 3],
      [two, NOW - 2],
      [one, NOW - 1],
      [two, NOW - 4],
    ] as const) {
      await board.partition('clicks', 0, { offset: 0, ms })
      expect(await watermarkOf(narrow)).toBe(ms)
    }
  })
})

describe('what is covered', () => {
  it('is not where nobody carries the stream by the definitions that are served', async () => {
    const { records } = await enterGroup({ store, log, model: narrow, now })
    for (const { fingerprint } of records.values()) {
      await updateTimeline(store, fingerprint, (record) => ({
        ...record,
        coverage: { since_ms: 0, columns: {}, reason: null, proof: [] },
      }))
    }
    const ask = async () => {
      const vectors = new VectorService({
        model: narrow,
        store,
        now,
        clock: 'wall',
        watermark: now,
        progress: new StoreProgress(store, narrow),
      })
      await vectors.refresh()
      return [(await vectors.answer('stats', { keys: { user: 'u' } })).status, vectors.coverage()]
    }
    expect(await ask()).toEqual([{}, [['clicks by user', true]]])
    // The documents are there, and the marks are not.
    const documents = await store.documents('')
    store = new MemoryOnlineStore()
    for (const [name, { value }] of documents) await store.putDocument(name, value, 0)
    expect(await ask()).toEqual([{ slim__clicks_1d: 'incomplete' }, [['clicks by user', false]]])
    await enterGroup({ store, log, model: narrow, now })
    expect(await ask()).toEqual([{ slim__clicks_1d: 'incomplete' }, [['clicks by user', false]]])
    expect(groupName(narrow)).toMatch(/^millrace-/)
  })
})
