import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { EngineClock } from '../../src/cli/engine-clock.ts'
import { Metrics } from '../../src/cli/metrics.ts'
import { StreamReport } from '../../src/cli/stream-report.ts'
import { StreamWorker } from '../../src/cli/stream-worker.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, last, source, z } from '../../src/index.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { TopicStream } from '../../src/stream/topic-stream.ts'
import type { AppliedBatch } from '../../src/stream/topic-stream-options.ts'

const NOW = Date.UTC(2026, 5, 1)
const now = () => NOW
const TOPIC = 'notes'
const NOTE_BYTES = 4_000

/** Events of up to some ten kilobytes, of which a timeline keeps all. */
const notes = source('notes', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    card_id: z.string(),
    shop_id: z.string(),
    a: z.string(),
    b: z.string(),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: TOPIC },
})
const card = entity('card', { key: { card_id: z.string() } })
const shop = entity('shop', { key: { shop_id: z.string() } })
const kept = { a: last(notes.a).over('7d'), b: last(notes.b).over('7d'), n: count().over('7d') }
const cards = featureGroup('cards', { source: notes, entity: card, features: kept })
const shops = featureGroup('shops', { source: notes, entity: shop, features: kept })
const all = featureService('all', { features: [cards, shops] })
const model = resolveModel(collect([{ file: 'test.ts', exports: { notes, cards, shops, all } }]))

const note = (i: number, bytes = 1) => ({
  ...{ id: `n${i}`, at: NOW - 1_000, card_id: `c${i % 3}`, shop_id: 's' },
  ...{ a: 'a'.repeat(bytes), b: 'b'.repeat(bytes) },
})

/** A log that cannot read some partitions. */
class HalfLog extends MemoryEventLog {
  readonly broken = new Set<number>()
  override read(...of: Parameters<MemoryEventLog['read']>) {
    if (!this.broken.has(of[1])) return super.read(...of)
    return Promise.reject(new Error(`the batch at offset ${of[2]} of ${of[0]}/${of[1]} cannot be decoded`))
  }
}

/** A store that takes no rows for a while, as Redis does at its memory limit. */
class FullStore extends MemoryOnlineStore {
  full = 0
  override append(...of: Parameters<MemoryOnlineStore['append']>) {
    if (of[0].length === 0 || this.full-- <= 0) return super.append(...of)
    return Promise.reject(new Error('Redis is at its memory limit'))
  }
}

async function worker(partitions: number, maxBatch: number) {
  const log = new HalfLog({ now })
  const store = new FullStore()
  const troubles = new Troubles()
  const applied: AppliedBatch[] = []
  const quarantined: number[] = []
  const work = await StreamWorker.open(
    {
      ...{ model, store, log, clock: new EngineClock('wall', now), troubles, batch: { maxBatch, linger_ms: 0 } },
      onApplied: (_, batch) => applied.push(batch),
      onQuarantine: (_, events) => quarantined.push(...events.map(({ offset }) => offset)),
    },
    partitions,
  )
  const marks = async () => (await store.marks(work.group)).map(({ offset }) => offset)
  return { work, stream: work.streamOf('notes')!, log, store, troubles, applied, quarantined, marks }
}

async function send(log: MemoryEventLog, events: readonly (object | string)[]): Promise<void> {
  const values = events.map((event) => Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)))
  for (let i = 0; i < values.length; i += 50) {
    await log.append(
      TOPIC,
      values.slice(i, i + 50).map((value, n) => ({ key: `${i + n}`, value })),
    )
  }
}

const until = async (holds: () => boolean | Promise<boolean>) => {
  for (let i = 0; i < 500 && !(await holds()); i++) await sleep(10)
  expect(await holds()).toBe(true)
}

describe('a stream in trouble', () => {
  it('carries what the other partitions have while one cannot be read, and says which', async () => {
    const { work, stream, log, troubles, marks } = await worker(3, 1_000)
    log.broken.add(1)
    const stop = new AbortController()
    const running = work.run(stop.signal)
    let sent = 0
    for (let round = 0; round < 3; round++) {
      await send(
        log,
        Array.from({ length: 60 }, () => note(sent++)),
      )
      const ends = (await log.ranges(TOPIC)).map(({ end }) => end)
      await until(async () => {
        const [first, , third] = await marks()
        return first === ends[0] && third === ends[2]
      })
      expect((await marks())[1]).toBe(0)
    }
    expect(troubles.of('notes')).toBe('the batch at offset 0 of notes/1 cannot be decoded')
    log.broken.clear()
    const { end } = (await log.ranges(TOPIC))[1]!
    await until(async () => (await marks())[1] === end && troubles.of('notes') === null)
    stop.abort()
    await running
    expect(stream.applied).toBe(sent)
  })

  it('puts an event aside once, however often the store refuses the batch that it is in', async () => {
    const { work, stream, log, store, quarantined } = await worker(1, 1_000)
    await send(log, [note(0), '{"id":"bad"}', note(1), 'no JSON'])
    store.full = 4
    const stop = new AbortController()
    const running = work.run(stop.signal)
    await until(() => stream.applied === 4)
    stop.abort()
    await running
    expect(quarantined).toEqual([1, 3])
    expect((await log.ranges('notes.quarantine'))[0]!.end).toBe(2)
  })

  it('carries what is more than a store takes at once in several batches', async () => {
    const events = 6_000
    const { stream, log, marks } = await worker(1, 100_000)
    await send(
      log,
      Array.from({ length: events }, (_, i) => note(i, NOTE_BYTES)),
    )
    for (let i = 0; i < 20 && stream.applied < events; i++) await stream.step()
    expect([stream.applied, await marks()]).toEqual([events, [events]])
  })

  it('keeps aside what is more than a log takes at once', async () => {
    const { stream, log, quarantined } = await worker(1, 100_000)
    const events = 90
    await send(
      log,
      Array.from({ length: events }, () => 'x'.repeat(900_000)),
    )
    for (let i = 0; i < 20 && stream.applied < events; i++) await stream.step()
    expect([stream.applied, quarantined.length]).toEqual([events, events])
  })

  it('counts the rows that it writes, not the timelines that they go to', async () => {
    const { stream, log, applied } = await worker(1, 1_000)
    await send(
      log,
      Array.from({ length: 10 }, (_, i) => note(i)),
    )
    await stream.step()
    expect(applied.map(({ events, rows }) => [events, rows])).toEqual([[10, 20]])
  })

  it('tells how far it is behind, and no watermark, where a partition was never read', async () => {
    const { work, stream, log, store } = await worker(2, 1_000)
    log.broken.add(1)
    await send(
      log,
      Array.from({ length: 20 }, (_, i) => note(i)),
    )
    const lag = (await log.ranges(TOPIC))[1]!.end
    const metrics = new Metrics({ process: 'stream', version: '1', now })
    const report = new StreamReport(work.streams, { log, store, group: work.group, metrics })
    await expect(stream.step()).rejects.toThrow('of notes/1 cannot be decoded')
    await report.tell(NOW)
    await report.tell(NOW + 7_000)
    const told = (await metrics.text()).split('\n').filter((line) => /^millrace_(stream_lag|watermark)\w+\{/.test(line))
    expect(told).toEqual([
      'millrace_stream_lag_events{source="notes",partition="0"} 0',
      `millrace_stream_lag_events{source="notes",partition="1"} ${lag}`,
      'millrace_stream_lag_seconds{source="notes"} 7',
    ])
  })

  it('lets no failure to tell pass unheard while another topic is still asked for', async () => {
    const { work, stream, log, store } = await worker(1, 1_000)
    await send(log, [note(0)])
    while (await stream.step());
    const metrics = new Metrics({ process: 'stream', version: '1', now })
    const { sources, progress, watermark_ms } = stream
    const slow = { topic: 'slow', sources, progress, watermark_ms } as unknown as TopicStream
    const streams = new Map([...work.streams, ['slow', slow]])
    const report = new StreamReport(streams, { log, store, group: work.group, metrics })
    const { ranges } = log
    log.ranges = async (topic) => {
      if (topic === 'slow') await sleep(50)
      return ranges.call(log, TOPIC)
    }
    store.putDocument = async () => {
      throw new Error('Redis does not answer')
    }
    const unheard: unknown[] = []
    const hear = (error: unknown) => void unheard.push(error)
    process.on('unhandledRejection', hear)
    try {
      await expect(report.tell(NOW + 5_000)).rejects.toThrow('Redis does not answer')
      await sleep(20)
    } finally {
      process.off('unhandledRejection', hear)
    }
    expect(unheard).toEqual([])
  })

  it('tells for how long it may be behind where the log does not answer', async () => {
    const { work, stream, log, store } = await worker(1, 1_000)
    await send(log, [note(0)])
    while (await stream.step());
    const metrics = new Metrics({ process: 'stream', version: '1', now })
    const report = new StreamReport(work.streams, { log, store, group: work.group, metrics })
    const told = async () => (await metrics.text()).split('\n').filter((line) => /^millrace_stream_lag\w+\{/.test(line))
    await report.tell(NOW)
    const none = [
      'millrace_stream_lag_events{source="notes",partition="0"} 0',
      'millrace_stream_lag_seconds{source="notes"} 0',
    ]
    expect(await told()).toEqual(none)
    const { ranges } = log
    log.ranges = async () => {
      throw new Error('Kafka does not answer')
    }
    await expect(report.tell(NOW + 9_000)).rejects.toThrow('Kafka does not answer')
    expect((await told())[1]).toBe('millrace_stream_lag_seconds{source="notes"} 9')
    log.ranges = ranges
    await report.tell(NOW + 9_000)
    expect(await told()).toEqual(none)
  })
})
