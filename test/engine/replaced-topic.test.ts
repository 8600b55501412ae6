import { describe, expect, it } from 'vitest'
import { ArchiveWorker } from '../../src/cli/archive-worker.ts'
import { renewTopic, viewRenewal } from '../../src/cli/renew-topic.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import { count, sum } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { TopicReplacedError } from '../../src/stores/event-log.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { noteSkipped } from '../../src/stores/skipped-offsets.ts'
import { latestIncarnation } from '../../src/stores/topic-incarnations.ts'
import { clock, modelOf, payment, payments, values } from './payments-kit.ts'
import { Whole } from './whole.ts'

const TOPIC = 'payments'
const model = modelOf({ n: count().over('20d'), spend: sum(payments.amount).over('20d') })

/** A store of which the next marks that are taken away stay: whoever does that dies there. */
class DyingStore extends MemoryOnlineStore {
  dies = false
  override async removeMarks(...of: Parameters<MemoryOnlineStore['removeMarks']>): Promise<void> {
    if (this.dies) throw new Error('killed')
    await super.removeMarks(...of)
  }
}

function storesOf(ids: boolean) {
  return { store: new DyingStore(), log: new MemoryEventLog({ now: clock, ids }), archive: new MemoryEventArchive() }
}

const open = (stores: ReturnType<typeof storesOf>) => new Whole(model, 'wall', clock, stores).open()

const archiverOf = (stores: ReturnType<typeof storesOf>) =>
  new ArchiveWorker({ model, ...stores, now: clock, troubles: new Troubles() }).archivers.get(TOPIC)!

const some = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => payment(`${prefix}${i}`, 19))

/** An installation that has counted and archived five payments. */
async function counted(ids = true) {
  const stores = storesOf(ids)
  const whole = await open(stores)
  await whole.send('payments', some('old', 5))
  await whole.archive()
  await whole.stream()
  await whole.backfill()
  expect(await values(whole)).toEqual([5, 5000])
  return { stores, whole, deps: { ...stores, model, now: clock } }
}

/** Values of `count` payments of 10.00. */
const of = (count: number) => [count, count * 1000]
const INCOMPLETE = ['incomplete', 'incomplete']

describe('a topic that was deleted and made anew', () => {
  it.each([
    ['fewer', 3],
    ['as many', 5],
    ['more', 12],
  ])('is not taken for the old one, also where it has %s events, until it is renewed', async (_, n) => {
    const { stores, whole, deps } = await counted()
    stores.log.replaceTopic(TOPIC)
    await whole.send('payments', some('new', n))
    const told =
      /^payments was deleted and made anew \(.*partition \d was counted up to offset 5, and has 0 to \d+ now.*millrace renew payments$/
    await expect(whole.stream()).rejects.toThrow(TopicReplacedError)
    await expect(whole.archive()).rejects.toThrow(TopicReplacedError)
    await expect(archiverOf(stores).step()).rejects.toThrow(
      /archived up to offset 5, and has 0 to \d+ now.*millrace renew payments$/,
    )
    await expect(whole.backfill()).rejects.toThrow(told)
    await expect(open(stores)).rejects.toThrow(told)
    await whole.vectors.refresh()
    expect(await values(whole)).toEqual(INCOMPLETE)
    expect(await viewRenewal(deps, TOPIC)).toMatchObject({ replaced: true, certain: true })
    await renewTopic(deps, TOPIC)
    expect(await viewRenewal(deps, TOPIC)).toMatchObject({ replaced: false })
    const anew = await open(stores)
    await anew.archive()
    await anew.stream()
    expect(await values(anew)).toEqual(INCOMPLETE)
    await anew.backfill()
    expect(await values(anew)).toEqual(of(5 + n))
    // The archive has both, and can tell them apart when all else is lost.
    const rebuilt = await open({ ...stores, store: new DyingStore() })
    await rebuilt.backfill()
    expect(await values(rebuilt)).toEqual(of(5 + n))
  })

  it('whose last events were counted and not archived: the backfill asks for them', async () => {
    const { stores, whole, deps } = await counted()
    await whole.send('payments', some('late', 2))
    await whole.stream()
    stores.log.replaceTopic(TOPIC)
    await whole.send('payments', some('new', 4))
    await renewTopic(deps, TOPIC)
    const anew = await open(stores)
    await anew.stream()
    await anew.archive()
    await expect(anew.backfill()).rejects.toThrow(
      /payments lacks 2 of the 7 events that payments\/\d had from offset 0 to 7.*offset 5/,
    )
    expect(await values(anew)).toEqual(INCOMPLETE)
    const lost = (await viewRenewal(deps, TOPIC)).partitions.find(({ now }) => now!.end > 0)!.partition
    await anew.load('payments', some('late', 2))
    await noteSkipped(stores.archive, model.sources.get('payments')!, lost, [[5, 7]], clock())
    await anew.backfill()
    expect(await values(anew)).toEqual(of(11))
  })

  it('is renewed though whoever renews it dies in the middle, again and again', async () => {
    const { stores, whole, deps } = await counted()
    stores.log.replaceTopic(TOPIC)
    await whole.send('payments', some('new', 3))
    stores.store.dies = true
    for (let i = 0; i < 3; i++) await expect(renewTopic(deps, TOPIC)).rejects.toThrow('killed')
    expect(await latestIncarnation(stores.archive, TOPIC)).toBe(2)
    await expect(whole.stream()).rejects.toThrow()
    stores.store.dies = false
    await renewTopic(deps, TOPIC)
    const anew = await open(stores)
    await anew.stream()
    await anew.archive()
    await anew.backfill()
    expect(await values(anew)).toEqual(of(8))
    expect(await latestIncarnation(stores.archive, TOPIC)).toBe(2)
  })

  it('and again: each is told from all before', async () => {
    const { stores, whole, deps } = await counted()
    for (let round = 1; round <= 3; round++) {
      stores.log.replaceTopic(TOPIC)
      await whole.send('payments', some(`new${round}-`, 6))
      await renewTopic(deps, TOPIC)
      const anew = await open(stores)
      await anew.stream()
      await anew.archive()
      await anew.backfill()
      expect(await values(anew)).toEqual(of(5 + 6 * round))
      expect(await latestIncarnation(stores.archive, TOPIC)).toBe(1 + round)
    }
  })
})

describe('where the log does not tell topics apart, one that ends before what was counted', () => {
  it('is told, and renewed', async () => {
    const { stores, whole, deps } = await counted(false)
    stores.log.replaceTopic(TOPIC)
    await whole.send('payments', some('new', 3))
    const told = /^payments\/\d ends at offset [03], and was counted up to offset 5: .*millrace renew payments$/
    await expect(whole.stream()).rejects.toThrow(told)
    await whole.vectors.refresh()
    expect(await values(whole)).toEqual(INCOMPLETE)
    expect(await viewRenewal(deps, TOPIC)).toMatchObject({ replaced: true, certain: false })
    stores.store.dies = true
    for (let i = 0; i < 2; i++) await expect(renewTopic(deps, TOPIC)).rejects.toThrow('killed')
    stores.store.dies = false
    await renewTopic(deps, TOPIC)
    expect(await latestIncarnation(stores.archive, TOPIC)).toBe(2)
    expect(await viewRenewal(deps, TOPIC)).toMatchObject({ replaced: false })
    const anew = await open(stores)
    await anew.stream()
    await anew.archive()
    await anew.backfill()
    expect(await values(anew)).toEqual(of(8))
  })

  it('and one that has more is renewed by whoever knows it', async () => {
    const { stores, deps } = await counted(false)
    stores.log.replaceTopic(TOPIC)
    const before = await viewRenewal(deps, TOPIC)
    expect(before).toMatchObject({ certain: false })
    const whole = await open(stores).catch(() => null)
    await whole?.send('payments', some('new', 9))
    await renewTopic(deps, TOPIC)
    const anew = await open(stores)
    await anew.stream()
    await anew.archive()
    await anew.backfill()
    expect(await values(anew)).toEqual(of(14))
  })
})

it('names the topics that there are where one is unknown', async () => {
  const { deps } = await counted()
  await expect(viewRenewal(deps, 'no such')).rejects.toThrow("no source has the topic 'no such': there are payments")
})
