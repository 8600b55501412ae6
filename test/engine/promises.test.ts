import { describe, expect, it } from 'vitest'
import { BackfillError } from '../../src/backfill/backfill-error.ts'
import { sweep, trimLog } from '../../src/cli/housekeeping.ts'
import { writtenHash } from '../../src/features/fingerprint.ts'
import { timelineKey } from '../../src/features/timeline-key.ts'
import { avg, count, eq, rate, sum } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import type { ArchiveInsert } from '../../src/stores/event-archive.ts'
import { noteSkipped } from '../../src/stores/skipped-offsets.ts'
import { archiveLoaded, readTimelines } from '../../src/stores/timeline-registry.ts'
import { TopicArchiver } from '../../src/stream/topic-archiver.ts'
import { ForgetfulStore } from './forgetful-store.ts'
import { clock, DAY, modelOf, payment, payments, T, time, values, wider } from './payments-kit.ts'
import { memoryStores, Whole } from './whole.ts'

const fraudRate = { fraud: rate(eq(payments.fraud, true)).over('30d') }

describe('a fraud label that arrives ten days late', () => {
  const plain = [payment('a', 1), payment('b', 2)]
  const label = [payment('a', 1, { version: 2, fraud: true })]
  type Road = (whole: Whole) => Promise<void>
  const byStream: Road = async (whole) => {
    await whole.send('payments', label)
    await whole.stream()
  }
  const byArchive: Road = async (whole) => {
    await whole.load('payments', label)
    await whole.backfill()
  }
  const roads: [string, Road[]][] = [
    ['by the stream', [byStream]],
    ['by the archive', [byArchive]],
    ['by the stream, then the archive', [byStream, byArchive]],
    ['by the archive, then the stream', [byArchive, byStream]],
  ]
  it.each(roads)('%s', async (_, arrivals) => {
    time.now = T + 20 * DAY
    const whole = await new Whole(modelOf(fraudRate), 'wall', clock).open()
    await whole.load('payments', plain)
    await whole.backfill()
    expect(await values(whole)).toEqual([0])
    for (const arrive of arrivals) await arrive(whole)
    expect(await values(whole)).toEqual([0.5])
    // An older copy that comes again, by either road, changes nothing.
    await whole.send('payments', plain)
    await whole.stream()
    await whole.backfill()
    expect(await values(whole)).toEqual([0.5])
  })

  it('and a tombstone takes an event away for good, whatever comes again', async () => {
    const whole = await new Whole(modelOf({ n: count().over('30d') }), 'wall', clock).open()
    await whole.load('payments', plain)
    await whole.backfill()
    await whole.send('payments', [payment('a', 1, { version: 3, gone: true })])
    await whole.stream()
    await whole.compact()
    expect(await values(whole)).toEqual([1])
    await whole.send('payments', [...plain, ...label])
    await whole.stream()
    await whole.backfill()
    expect(await values(whole)).toEqual([1])
  })
})

describe('a change of definitions', () => {
  const first = { spend: sum(payments.amount).over('7d') }
  const events = [payment('a', 15), payment('b', 19, { amount: '2.50', fraud: true })]

  async function running() {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    const whole = await new Whole(modelOf(first), 'wall', clock, stores).open()
    await whole.load('payments', events.slice(0, 1))
    await whole.send('payments', events.slice(1))
    await whole.stream()
    await whole.backfill()
    expect(await values(whole)).toEqual([1250])
    return stores
  }

  it('that needs no new column needs no backfill: full history at once', async () => {
    const stores = await running()
    const whole = await new Whole(
      modelOf({ ...first, mean: avg(payments.amount).over('7d'), n: count().over('10d') }),
      'wall',
      clock,
      stores,
    ).open()
    // The window of 10 days reaches no further than what was filled for 7 days and the lookback of 2, plus what is asked for.
    expect(await values(whole)).toEqual([1250, 625, 'incomplete'])
    // What the stream wrote until now expires by the shorter retention: it must come from the archive once more.
    await whole.archive()
    await whole.backfill()
    expect(await values(whole)).toEqual([1250, 625, 2])
  })

  it('that needs a new column is incomplete until it is back-filled, and only where it reads it', async () => {
    const stores = await running()
    const whole = await new Whole(
      modelOf({ ...first, fraud: rate(eq(payments.fraud, true)).over('7d') }),
      'wall',
      clock,
      stores,
    ).open()
    expect(await values(whole)).toEqual([1250, 'incomplete'])
    await whole.stream()
    expect(await values(whole)).toEqual([1250, 'incomplete'])
    // What was carried before the column was kept must be in the archive first: the backfill waits for it.
    await whole.archive()
    await whole.backfill()
    expect(await values(whole)).toEqual([1250, 0.5])
  })

  it('goes on where the last definitions were: nothing is skipped and nothing is read twice', async () => {
    const stores = await running()
    const whole = new Whole(
      modelOf({ ...first, fraud: rate(eq(payments.fraud, true)).over('7d') }),
      'wall',
      clock,
      stores,
    )
    expect(writtenHash(whole.model)).not.toBe(writtenHash(modelOf(first)))
    await whole.open()
    const groups = (await stores.store.groups()).filter((group) => group.startsWith('millrace-'))
    expect(groups).toHaveLength(2)
    const offsets = await Promise.all(
      groups.map(async (group) =>
        (await stores.store.marks(group)).map(({ partition, offset }) => [partition, offset]).sort(),
      ),
    )
    expect(offsets[0]).toEqual(offsets[1])
  })

  it('that goes and comes back finds its column filled, as columns are kept', async () => {
    const stores = await running()
    const both = modelOf({ ...first, fraud: rate(eq(payments.fraud, true)).over('7d') })
    const wide = await new Whole(both, 'wall', clock, stores).open()
    await wide.archive()
    await wide.backfill()
    const narrow = await new Whole(modelOf(first), 'wall', clock, stores).open()
    await narrow.send('payments', [payment('c', 19, { fraud: true, amount: '1.00' })])
    await narrow.stream()
    const again = await new Whole(both, 'wall', clock, stores).open()
    expect(await values(again)).toEqual([1350, 2 / 3])
  })

  const online = payment('c', 19, { channel: 'online', amount: '1.00' })

  /** A column that is kept, then taken out of the source while an event comes, then put back. */
  async function outAndBack(before: (stores: ReturnType<typeof memoryStores>) => Promise<void>) {
    const stores = await running()
    const channel = { ...first, online: count().where(eq(wider.channel, 'online')).over('7d') }
    const with1 = await new Whole(modelOf(channel, wider), 'wall', clock, stores).open()
    await with1.archive()
    await with1.backfill()
    expect(await values(with1)).toEqual([1250, 0])
    const without = await new Whole(modelOf(first), 'wall', clock, stores).open()
    await without.send('payments', [online])
    await without.stream()
    await without.archive()
    await before(stores)
    return new Whole(modelOf(channel, wider), 'wall', clock, stores).open()
  }

  it('that takes a column out of the source and puts it back reads again what came between', async () => {
    const whole = await outAndBack(async () => {})
    // To whoever reads the column, the event has not come yet: it is behind the marks of its group.
    expect(await values(whole)).toEqual([1350, 0])
    await whole.stream()
    expect(await values(whole)).toEqual([1350, 1])
  })

  it('and is incomplete where the log has lost that', async () => {
    const whole = await outAndBack(async ({ log }) => {
      for (const { partition, end } of await log.ranges('payments'))
        await log.trim('payments', partition, end, time.now + DAY)
    })
    await whole.stream()
    expect(await values(whole)).toEqual(['incomplete', 'incomplete'])
    // The archive got the event without its channel, as it came by definitions that knew of none.
    await whole.backfill()
    expect(await values(whole)).toEqual([1350, 0])
  })

  it('a narrower copy of an event never hides a fuller one, whoever wrote last', async () => {
    const stores = await running()
    const channel = { ...first, online: count().where(eq(wider.channel, 'online')).over('7d') }
    const wide = await new Whole(modelOf(channel, wider), 'wall', clock, stores).open()
    await wide.archive()
    await wide.backfill()
    const narrow = await new Whole(modelOf(first), 'wall', clock, stores).open()
    await wide.send('payments', [online])
    for (const whole of [wide, narrow]) await whole.stream()
    expect(await values(wide)).toEqual([1350, 1])
    const again = await new Whole(modelOf(first), 'wall', clock, stores).open()
    await again.backfill()
    await again.compact()
    await wide.vectors.refresh()
    expect(await values(wide)).toEqual([1350, 1])
    expect(await values(again)).toEqual([1350])
  })

  it('runs beside the former ones in either order: each has its own marks, and all values are right', async () => {
    const stores = await running()
    const channel = { ...first, online: count().where(eq(wider.channel, 'online')).over('7d') }
    const narrow = await new Whole(modelOf(first), 'wall', clock, stores).open()
    const wide = await new Whole(modelOf(channel, wider), 'wall', clock, stores).open()
    await wide.archive()
    await wide.backfill()
    for (const [i, order] of [
      [narrow, wide],
      [wide, narrow],
    ].entries()) {
      await wide.send('payments', [{ ...online, id: `c${i}` }])
      for (const whole of order) {
        await (await new Whole(whole!.model, 'wall', clock, stores).open()).stream()
        await whole!.vectors.refresh()
      }
      expect(await values(wide)).toEqual([1250 + (i + 1) * 100, i + 1])
      expect(await values(narrow)).toEqual([1250 + (i + 1) * 100])
    }
  })
})

describe('the hand-over from archive to stream', () => {
  it('waits until the archive holds what the log had before the stream went over', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    const before = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await before.send('payments', [payment('a', 19)])
    await before.stream()
    const whole = await new Whole(
      modelOf({ n: count().over('7d'), spend: sum(payments.amount).over('7d') }),
      'wall',
      clock,
      stores,
    ).open()
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 250)
    await expect(whole.backfill(stop.signal)).rejects.toThrow(/abort/i)
    expect((await values(whole))[1]).toBe('incomplete')
    await whole.archive()
    await whole.backfill()
    expect(await values(whole)).toEqual([1, 1000])
  })

  it('names a hole in the archive also where one archiver skipped what another took', async () => {
    const stores = memoryStores(clock)
    const model = modelOf({ n: count().over('7d') })
    const before = await new Whole(model, 'wall', clock, stores).open()
    await before.send('payments', [payment('a', 19), payment('b', 19), payment('c', 19)])
    await before.stream()
    const source = model.sources.get('payments')!
    const { log, archive } = stores
    const partition = (await log.ranges('payments')).find(({ end }) => end === 3)!.partition
    const archiver = new TopicArchiver({
      ...{ log, archive, sources: [source], maxBatch: 1 },
      onSkipped: async () => {},
      onGap: async () => {},
    })
    await archiver.step()
    // One of older definitions had refused the first, too, and nobody ever got the third.
    await noteSkipped(archive, source, partition, [[0, 2]], time.now)
    await log.commit('millrace-archive', 'payments', new Map([[partition, 3]]))
    const wanted = modelOf({ n: count().over('7d'), spend: sum(payments.amount).over('7d') })
    const whole = await new Whole(wanted, 'wall', clock, stores).open()
    await expect(whole.backfill()).rejects.toThrow(/payments lacks 1 of the 3 events .*, the first of them at offset 2/)
    expect((await values(whole))[1]).toBe('incomplete')
  })

  it('names a hole in the archive and stays incomplete', async () => {
    const stores = memoryStores(clock)
    const before = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await before.send('payments', [payment('a', 19), payment('b', 19), payment('c', 19)])
    await before.stream()
    // The archive's position says that it is past, but its table never got the rows.
    for (const { partition, end } of await stores.log.ranges('payments')) {
      await stores.log.commit('millrace-archive', 'payments', new Map([[partition, end]]))
    }
    const whole = await new Whole(
      modelOf({ n: count().over('7d'), spend: sum(payments.amount).over('7d') }),
      'wall',
      clock,
      stores,
    ).open()
    const failure = await whole.backfill().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BackfillError)
    expect((failure as BackfillError).code).toBe('ARCHIVE_HOLE')
    expect((failure as BackfillError).message).toMatch(
      /^payments lacks 3 of the 3 events that payments\/\d had from offset 0 to 3, the first of them at offset 0/,
    )
    expect((await values(whole))[1]).toBe('incomplete')
  })

  it('counts events that were not valid as accounted for', async () => {
    const stores = memoryStores(clock)
    const before = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await before.send('payments', [payment('a', 19), payment('b', 19, { amount: 'much' }), payment('c', 19)])
    await before.stream()
    expect(before.quarantined).toEqual([expect.stringMatching(/^amount: "much"/)])
    const whole = await new Whole(
      modelOf({ n: count().over('7d'), spend: sum(payments.amount).over('7d') }),
      'wall',
      clock,
      stores,
    ).open()
    await whole.archive()
    await whole.backfill()
    expect(await values(whole)).toEqual([2, 2000])
  })
})

describe('what may be missing is said', () => {
  it('before the first backfill', async () => {
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.send('payments', [payment('a', 19)])
    await whole.stream()
    expect(await values(whole)).toEqual(['incomplete'])
  })

  it('after events were loaded into the archive, until the next backfill', async () => {
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.backfill()
    await archiveLoaded(whole.stores.store, 'payments')
    await whole.load('payments', [payment('late', 18)])
    await archiveLoaded(whole.stores.store, 'payments')
    await whole.vectors.refresh()
    expect(await values(whole)).toEqual(['incomplete'])
    await whole.backfill()
    expect(await values(whole)).toEqual([1])
  })

  it('after a gap in the log, which is never skipped in silence', async () => {
    const stores = memoryStores(clock)
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await whole.backfill()
    await whole.send('payments', [payment('a', 19), payment('b', 19)])
    await whole.archive()
    for (const { partition, end } of await stores.log.ranges('payments')) {
      await stores.log.trim('payments', partition, end, time.now + DAY)
    }
    await whole.stream()
    expect(whole.gaps).toEqual([[expect.any(Number), 0, 2]])
    expect(await values(whole)).toEqual(['incomplete'])
    await whole.backfill()
    expect(await values(whole)).toEqual([2])
  })

  it('of a hole in the archive, also where events that are none came before its first row, and the store forgot where the log began', async () => {
    class LosingArchive extends MemoryEventArchive {
      override insert(rows: ArchiveInsert): Promise<void> {
        const keep = <X>(list: readonly X[]) => list.filter((_, row) => rows.sequences[row] !== 3)
        const { values, origins, sequences, arrived_ms } = rows
        return super.insert({
          ...rows,
          ...{
            values: values.map(keep),
            origins: keep(origins),
            sequences: keep(sequences),
            arrived_ms: keep(arrived_ms),
          },
        })
      }
    }
    const lossy = new ForgetfulStore()
    const stores = { ...memoryStores(clock), store: lossy.store, archive: new LosingArchive() }
    const model = modelOf({ n: count().over('7d') })
    const whole = await new Whole(model, 'wall', clock, stores).open()
    const none = { amount: 'none' }
    await whole.send('payments', [
      payment('a', 19, none),
      payment('b', 19, none),
      ...['c', 'd', 'e'].map((id) => payment(id, 19)),
    ])
    await whole.stream()
    await whole.archive()
    for (const { partition, end } of await stores.log.ranges('payments')) {
      await stores.log.trim('payments', partition, end, time.now + DAY)
    }
    await lossy.forget()
    const again = await new Whole(model, 'wall', clock, stores).open()
    await expect(again.backfill()).rejects.toThrow(
      /payments lacks 1 of the 5 events that payments\/\d had from offset 0 to 5, the first of them at offset 3/,
    )
  })

  it('for an instant further back than what is kept', async () => {
    time.now = T + 60 * DAY
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.load('payments', [payment('a', 40), payment('b', 55)])
    await whole.backfill()
    expect(await values(whole)).toEqual([1])
    expect(await values(whole, time.now - 2 * DAY)).toEqual([1])
    expect(await values(whole, time.now - 2 * DAY - 1)).toEqual(['incomplete'])
    expect(await values(whole, T + 41 * DAY)).toEqual(['incomplete'])
  })

  it('a whole history under the clock of history, however old', async () => {
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'history', clock).open()
    await whole.load('payments', [payment('a', 40), payment('b', 55)])
    await whole.backfill()
    expect(await values(whole, T + 41 * DAY)).toEqual([1])
    expect(await values(whole, T - 400 * DAY)).toEqual([0])
  })
})

describe('upkeep', () => {
  it('prunes all other timelines where the bytes of one are no rows', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await whole.load('payments', [payment('a', 19)])
    await whole.backfill()
    const [fingerprint] = whole.records.keys()
    const foreign = timelineKey(fingerprint!, ['0'])
    await stores.store.append([{ key: foreign, rows: Uint8Array.of(9, 9, 9), expires_at_ms: null }])
    time.now = T + 60 * DAY
    await sweep(stores.store, time.now, new AbortController().signal)
    const left: string[] = []
    for await (const key of stores.store.keys('')) left.push(key)
    expect(left).toEqual([foreign])
  })

  it('prunes by the longest retention that was ever registered, and says what is gone', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    await new Whole(modelOf({ n: count().over('30d') }), 'wall', clock, stores).open()
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    await whole.load('payments', [payment('a', 1), payment('b', 19)])
    await whole.backfill()
    const bytes = async () => {
      let total = 0
      for await (const key of stores.store.keys('')) total += (await stores.store.read([key]))[0]!.length
      return total
    }
    const before = await bytes()
    await sweep(stores.store, time.now, new AbortController().signal)
    expect(await bytes()).toBe(before)
    time.now = T + 34 * DAY
    await sweep(stores.store, time.now, new AbortController().signal)
    expect(await bytes()).toBe(before / 2)
    await whole.vectors.refresh()
    expect(await values(whole, T + 20 * DAY)).toEqual([1])
    expect(await values(whole, T + 8 * DAY)).toEqual(['incomplete'])
  })

  it('lets a timeline that went quiet vanish within two retentions, and never one with live rows', async () => {
    time.now = T + 20 * DAY
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.backfill()
    await whole.send('payments', [payment('a', 19)])
    await whole.stream()
    const { store } = whole.stores
    time.now = T + 27 * DAY
    expect(await store.expire(time.now)).toBe(0)
    time.now = T + 20 * DAY + 2 * 9 * DAY
    expect(await store.expire(time.now)).toBe(1)
  })

  it('keeps a row that is ahead of the clock until its own time has passed', async () => {
    time.now = T
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.send('payments', [payment('ahead', 100)])
    await whole.stream()
    await whole.backfill()
    expect(await values(whole)).toEqual([0])
    time.now = T + 101 * DAY
    expect(await whole.stores.store.expire(time.now)).toBe(0)
    expect(await values(whole)).toEqual([1])
  })

  it('trims the log only behind both the online store and the archive, and after a week', async () => {
    time.now = T + 20 * DAY
    const whole = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock).open()
    await whole.send('payments', [payment('a', 19), payment('b', 19)])
    const { store, log } = whole.stores
    const trim = () => trimLog(store, log, whole.model, `millrace-${writtenHash(whole.model)}`, time.now)
    time.now += 8 * DAY
    expect(await trim()).toBe(0)
    await whole.stream()
    expect(await trim()).toBe(0)
    await whole.archive()
    expect(await trim()).toBe(2)
    await whole.send('payments', [payment('c', 27)])
    await whole.stream()
    await whole.archive()
    expect(await trim()).toBe(0)
  })
})

describe('a longer retention', () => {
  it('is filled with all that came before every writer knew of it, which the archive must have', async () => {
    time.now = T + 20 * DAY
    const stores = memoryStores(clock)
    const short = await new Whole(modelOf({ n: count().over('7d') }), 'wall', clock, stores).open()
    const long = await new Whole(modelOf({ n: count().over('15d') }), 'wall', clock, stores).open()
    // A worker that does not know yet writes what will expire too early.
    await short.send('payments', [payment('a', 10)])
    await short.stream()
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 250)
    await expect(long.backfill(stop.signal)).rejects.toThrow(/abort/i)
    await short.archive()
    await long.backfill()
    expect(await values(long)).toEqual([1])
    const [record] = (await readTimelines(stores.store)).values()
    expect(Object.values(record!.handover.positions!).reduce((sum, offset) => sum + offset, 0)).toBe(1)
    time.now = T + 35 * DAY
    expect(await stores.store.expire(time.now)).toBe(0)
  })
})
