import { beforeEach, describe, expect, it } from 'vitest'
import { backfillTimeline } from '../../src/backfill/backfill.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, z } from '../../src/index.ts'
import type { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import { sampledEvents } from '../../src/stores/event-sample.ts'
import { memoryStores, Whole } from './whole.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const T = Date.UTC(2026, 5, 1)

let now = T
const clock = () => now

interface Archive {
  readonly lag?: '1h'
  readonly precision?: 's'
}

function modelOf(archive: Archive) {
  const payments = source('payments', {
    schema: z.object({ id: z.int(), at: z.iso.datetime(), version: z.int(), gone: z.boolean(), card_id: z.string() }),
    id: 'id',
    time: 'at',
    deleted: 'gone',
    version: 'version',
    stream: { topic: 'payments' },
    archive: { table: 'theirs', ...archive },
  })
  const card = entity('card', { key: { card_id: z.string() } })
  const g = featureGroup('g', { source: payments, entity: card, features: { n: count().over('7d') } })
  const s = featureService('s', { features: [g] })
  return resolveModel(collect([{ file: 'test.ts', exports: { g, s } }]))
}

const payment = (id: number, time_ms: number, more: object = {}) => ({
  id,
  at: new Date(time_ms).toISOString(),
  version: 1,
  gone: false,
  card_id: 'c',
  ...more,
})

describe('an archive table that others fill', () => {
  beforeEach(() => {
    now = T + 20 * 24 * HOUR
  })

  async function installation(archive: Archive = { lag: '1h' }) {
    const stores = memoryStores(clock)
    const model = modelOf(archive)
    const payments = model.sources.get('payments')!
    ;(stores.archive as MemoryEventArchive).addForeign('theirs', archiveColumns(payments))
    const whole = await new Whole(model, 'wall', clock, stores).open()
    const [timeline] = model.timelines.values()
    const told: string[] = []
    const backfill = async () => {
      const signal = new AbortController().signal
      const options = {
        ...stores,
        now: clock,
        clock: 'wall',
        signal,
        onMessage: (text: string) => told.push(text),
      } as const
      const filled = await backfillTimeline(timeline!, options)
      await whole.vectors.refresh()
      return filled
    }
    /** What the model is told: the count, or why there is none. */
    const value = async () => {
      await whole.vectors.refresh()
      const { features, status } = await whole.vectors.answer('s', { keys: { card_id: 'c' }, at: now })
      return status.g__n_7d ?? features.g__n_7d
    }
    /** Sends events one after another, a minute apart, so that each of them is a sample. */
    const stream = async (events: readonly ReturnType<typeof payment>[]) => {
      for (const event of events) {
        now += MINUTE
        await whole.send('payments', [event])
        await whole.stream()
      }
    }
    return { whole, stores, told, backfill, value, stream }
  }

  it('is not written by us: what we put there would be found again', async () => {
    const { whole, stores } = await installation()
    await whole.send('payments', [payment(1, now)])
    await whole.archive()
    const { archive } = modelOf({ lag: '1h' }).sources.get('payments')!
    const id = { name: 'id', type: { kind: 'int' }, nullable: false } as const
    const time = { name: 'at', type: { kind: 'time' }, nullable: false } as const
    expect(await stores.archive.found(archive!.table, id, time, 'ms', [{ id: '1', time_ms: now }])).toEqual([false])
  })

  it('that has what the stream carried makes the timeline complete', async () => {
    const { whole, backfill, value, stream, told } = await installation()
    const events = [payment(1, now), payment(2, now)]
    await stream(events)
    await whole.load('payments', [payment(0, now - HOUR), ...events])
    now += HOUR + 1
    await backfill()
    expect(await value()).toBe(3)
    expect(told).toEqual([])
  })

  it('that lacks an event after its lag is named with it, and the timeline stays incomplete', async () => {
    const { whole, backfill, value, stream } = await installation()
    const events = [payment(1, now), payment(2, now - 5), payment(3, now)]
    await stream(events)
    await whole.load('payments', [events[0]!, events[2]!])
    now += HOUR + 1
    await expect(backfill()).rejects.toMatchObject({
      code: 'ARCHIVE_LAGS',
      message: expect.stringMatching(
        new RegExp(
          "^theirs lacks 1 of 3 events of payments that were looked for, which must be there after archive\\.lag: '1h': " +
            "at 2026-06-21T01:03:00\\.001Z it had no '2' of 2026-06-20T23:59:59\\.995Z, which payments/[01] has at offset [01] " +
            'since 2026-06-21T00:02:00\\.000Z\\. Mend what fills the table, or give it a longer archive\\.lag$',
        ),
      ),
    })
    expect(await value()).toBe('incomplete')
    await whole.load('payments', [events[1]!])
    await backfill()
    expect(await value()).toBe(3)
  })

  it('that has the event at another time lacks it', async () => {
    const { whole, backfill, stream } = await installation()
    await stream([payment(1, now)])
    await whole.load('payments', [payment(1, now - 1)])
    now += HOUR + 1
    await expect(backfill()).rejects.toMatchObject({ code: 'ARCHIVE_LAGS' })
  })

  it('may lack what came within its lag, and what no window reaches', async () => {
    const { whole, backfill, value, stream, told } = await installation()
    await stream([payment(1, now - 10 * 24 * HOUR), payment(2, now)])
    await whole.load('payments', [payment(2, now - MINUTE * 2)])
    now += HOUR - MINUTE
    await stream([payment(3, now)])
    now += MINUTE
    await backfill()
    expect(await value()).toBe(2)
    expect(told).toEqual([])
  })

  it('is taken for whole on its word alone where nothing was streamed, which is told', async () => {
    const { whole, backfill, value, told } = await installation()
    await whole.load('payments', [payment(1, now)])
    now += HOUR
    await backfill()
    expect(await value()).toBe(1)
    expect(told).toEqual([
      "theirs is taken for whole on its owner's word: nothing was streamed yet that must be there by now",
    ])
  })

  it('without a lag must have all at once', async () => {
    const { whole, backfill, stream } = await installation({})
    await stream([payment(1, now)])
    now += 1
    await expect(backfill()).rejects.toThrow(/must be there at once, as it has no archive\.lag: /)
    await whole.load('payments', [payment(1, now - MINUTE - 1)])
    await backfill()
  })

  it('is looked into in whole seconds where the source says so', async () => {
    const { whole, backfill, value, stream } = await installation({ lag: '1h', precision: 's' })
    await stream([payment(1, now + 999)])
    await whole.load('payments', [payment(1, now - MINUTE)])
    now += HOUR + 1
    await backfill()
    expect(await value()).toBe(1)
  })

  it('need not have what was deleted, nor what was no event', async () => {
    const { backfill, stream, stores, whole, told } = await installation()
    await stream([payment(1, now, { gone: true }), payment(2, now, { at: 'yesterday' })])
    expect(whole.quarantined).toHaveLength(1)
    expect(await sampledEvents(stores.store, 'payments')).toEqual([])
    now += HOUR + 1
    await backfill()
    expect(told).toHaveLength(1)
  })
})

describe('the sample of a stream', () => {
  beforeEach(() => {
    now = T
  })

  const stream = async (whole: Whole, id: number) => {
    await whole.send('payments', [payment(id, now), payment(id + 1, now)])
    await whole.stream()
  }
  const ids = async ({ store }: ReturnType<typeof memoryStores>) =>
    (await sampledEvents(store, 'payments')).map(({ id }) => id)

  it('is one event of a batch, in four a minute at most, from all workers', async () => {
    const stores = memoryStores(clock)
    const whole = await new Whole(modelOf({}), 'wall', clock, stores).open()
    for (let i = 0; i < 120; i++) {
      now += 1_000
      await stream(whole, 10 * i)
    }
    expect(await ids(stores)).toHaveLength(8)
    // Another process has a clock of its own for what it takes.
    const other = await new Whole(modelOf({}), 'wall', clock, stores).open()
    await stream(other, 5_000)
    expect((await ids(stores)).at(-1)).toBe('5001')
    expect(await ids(stores)).toHaveLength(9)
  })

  it('says when the log got each, and where it is', async () => {
    const stores = memoryStores(clock)
    const whole = await new Whole(modelOf({}), 'wall', clock, stores).open()
    await whole.send('payments', [payment(7, now - HOUR)])
    now += 5
    await whole.stream()
    const [event] = await sampledEvents(stores.store, 'payments')
    expect(event).toEqual({
      id: '7',
      time_ms: T - HOUR,
      append_ms: T,
      partition: expect.any(Number),
      offset: 0,
    })
  })
})
