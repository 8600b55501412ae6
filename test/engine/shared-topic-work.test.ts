import { describe, expect, it, vi } from 'vitest'
import { EngineClock } from '../../src/cli/engine-clock.ts'
import { Metrics } from '../../src/cli/metrics.ts'
import { StreamReport } from '../../src/cli/stream-report.ts'
import { StreamWorker } from '../../src/cli/stream-worker.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import { streamedTopics } from '../../src/features/topic-router.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveGroup, sourceOrigin } from '../../src/stores/archive-columns.ts'
import type { ArchiveInsert } from '../../src/stores/event-archive.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { noteSkipped, skippedBelow } from '../../src/stores/skipped-offsets.ts'
import { TopicArchiver } from '../../src/stream/topic-archiver.ts'
import { bank, NOW, TOPIC } from './bank-kit.ts'

const now = () => NOW
const model = bank({ logins: true })
const sources = streamedTopics(model.sources.values()).get(TOPIC)!
const [logins, transfers] = sources as [(typeof sources)[0], (typeof sources)[0]]

/** A log that says how often it was read. */
class CountedLog extends MemoryEventLog {
  reads = 0
  override read(...of: Parameters<MemoryEventLog['read']>) {
    this.reads++
    return super.read(...of)
  }
}

async function logOf(kinds: readonly unknown[]): Promise<CountedLog> {
  const log = new CountedLog({ now })
  await log.ensureTopic(TOPIC, 1)
  await send(log, kinds)
  return log
}

async function send(log: MemoryEventLog, kinds: readonly unknown[]): Promise<void> {
  const { end } = (await log.ranges(TOPIC))[0]!
  const messages = kinds.map((kind, i) => ({ id: `e${end + i}`, at: NOW - 1_000, card_id: 'a', amount: 1, kind }))
  await log.append(
    TOPIC,
    messages.map((message) => ({ key: 'a', value: Buffer.from(JSON.stringify(message)) })),
  )
}

describe('the stream of a topic that sources share', () => {
  it('reads it once, and tells of each source what it had and what it passed over', async () => {
    const log = await logOf(['transfer', 'login', 'rate', 'transfer', 7, null, 'transfer'])
    const metrics = new Metrics({ process: 'stream', version: '1', now })
    let report: StreamReport | null = null
    const store = new MemoryOnlineStore()
    const worker = await StreamWorker.open(
      {
        ...{ model, store, log, clock: new EngineClock('wall', now), troubles: new Troubles() },
        onApplied: (source, batch) => report!.applied(source, batch, NOW),
        onQuarantine: ({ name }, events) => metrics.source(name).quarantined(events.length),
      },
      1,
    )
    report = new StreamReport(worker.streams, { log, store, group: worker.group, metrics })
    expect([...worker.streams.keys()]).toEqual([TOPIC])
    expect(worker.sources.map(({ name }) => name)).toEqual(['logins', 'transfers'])
    const stream = worker.streamOf('transfers')!
    expect(worker.streamOf('logins')).toBe(stream)
    const before = log.reads
    expect(await stream.step()).toBe(true)
    expect(log.reads - before).toBe(1)
    await report.tell(NOW)
    const lines = (await metrics.text()).split('\n')
    const told = (name: string) => lines.filter((line) => line.startsWith(`${name}{`))
    expect(told('millrace_events_total')).toEqual([
      'millrace_events_total{source="logins",road="stream"} 3',
      'millrace_events_total{source="transfers",road="stream"} 3',
    ])
    expect(told('millrace_passed_over_total')).toEqual([
      'millrace_passed_over_total{source="logins"} 4',
      'millrace_passed_over_total{source="transfers"} 4',
    ])
    expect(told('millrace_quarantined_total')).toEqual([
      'millrace_quarantined_total{source="logins"} 1',
      'millrace_quarantined_total{source="transfers"} 0',
    ])
    expect(told('millrace_stream_lag_events')).toHaveLength(2)
  })
})

describe('the archiver of a topic that sources share', () => {
  class FailingArchive extends MemoryEventArchive {
    fails: string | null = null
    override async insert(rows: ArchiveInsert): Promise<void> {
      if (rows.table === this.fails) throw new Error(`${rows.table} is away`)
      await super.insert(rows)
    }
  }

  function archiverOf(log: MemoryEventLog, archive: MemoryEventArchive, of = sources): TopicArchiver {
    return new TopicArchiver({
      ...{ log, archive, sources: of },
      onSkipped: (source, partition, offsets) => noteSkipped(archive, source, partition, offsets, NOW),
      onGap: async () => {},
    })
  }
  const held = async (archive: MemoryEventArchive, source = transfers, below = 100) => [
    await archive.sequences([{ table: source.archive!.table }], sourceOrigin(source, 0), below),
    await skippedBelow(archive, source, 0, below),
  ]

  it('reads it once for those that are at the same place', async () => {
    const log = await logOf(['transfer', 'login', 'rate', 'transfer'])
    const archive = new MemoryEventArchive()
    const archiver = archiverOf(log, archive)
    expect(await archiver.step()).toBe(4)
    expect(log.reads).toBe(1)
    expect([await held(archive), await held(archive, logins)]).toEqual([
      [2, 2],
      [1, 3],
    ])
  })

  it('lets one that came later catch up from the earliest message, beside the others', async () => {
    const log = await logOf(['transfer', 'login', 'rate'])
    const archive = new MemoryEventArchive()
    await archiverOf(log, archive, [transfers]).step()
    await send(log, ['login'])
    const archiver = archiverOf(log, archive)
    log.reads = 0
    await archiver.step()
    expect(log.reads).toBe(2)
    await send(log, ['transfer'])
    await archiver.step()
    expect(log.reads).toBe(3)
    expect([await held(archive), await held(archive, logins)]).toEqual([
      [2, 3],
      [2, 3],
    ])
  })

  it('goes on for each from where its own table is, where one of them fails', async () => {
    const log = await logOf(['transfer', 'login', 'transfer'])
    const archive = new FailingArchive()
    const archiver = archiverOf(log, archive)
    archive.fails = 'transfers'
    await expect(archiver.step()).rejects.toThrow('transfers is away')
    const committed = async (source = transfers) => (await log.committed(archiveGroup(source), TOPIC)).get(0)
    expect([await committed(logins), await committed()]).toEqual([3, undefined])
    archive.fails = null
    await send(log, ['login'])
    while ((await archiver.step()) > 0);
    expect([await committed(logins), await committed()]).toEqual([4, 4])
    expect([await held(archive), await held(archive, logins)]).toEqual([
      [2, 2],
      [2, 2],
    ])
    expect(
      (await archive.stats('transfers', { name: 'at', type: { kind: 'time' }, nullable: false }, [], null)).rows,
    ).toBe(2)
  })

  it('commits its positions again from time to time, as another process may have set them back', async () => {
    const log = await logOf(['transfer', 'login'])
    const archiver = archiverOf(log, new MemoryEventArchive())
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      await archiver.step()
      const group = archiveGroup(transfers)
      await log.commit(group, TOPIC, new Map([[0, 1]]))
      await archiver.step()
      expect([...(await log.committed(group, TOPIC))]).toEqual([[0, 1]])
      vi.advanceTimersByTime(61_000)
      await archiver.step()
      expect([...(await log.committed(group, TOPIC))]).toEqual([[0, 2]])
    } finally {
      vi.useRealTimers()
    }
  })

  it('notes runs of what is not its own: as many as there are between rows, however long', async () => {
    const log = await logOf([...Array<string>(500).fill('rate'), 'transfer', ...Array<string>(300).fill('login')])
    const archive = new MemoryEventArchive()
    await archiverOf(log, archive, [transfers]).step()
    expect(await held(archive, transfers, 1_000)).toEqual([1, 800])
    // In one note.
    expect(await archive.sequences([{ table: 'millrace_passed' }], sourceOrigin(transfers, 0), 1_000)).toBe(1)
  })

  it('notes as many offsets without a message as a long aborted transaction leaves', async () => {
    const hole = 300_000
    const log = await logOf(['transfer'])
    const { read } = log
    log.read = async (...of) => {
      const found = await read.apply(log, of)
      return { ...found, nextOffset: found.nextOffset + (found.values.length === 0 ? 0 : hole) }
    }
    const archive = new MemoryEventArchive()
    await archiverOf(log, archive, [transfers]).step()
    expect(await held(archive, transfers, 2 * hole)).toEqual([1, hole])
  })

  it('archives what the other partitions have while one cannot be read, and says which', async () => {
    const log = await logOf(['transfer', 'transfer'])
    const { read, ranges } = log
    // A second partition, which nobody can read.
    log.assigned = async () => [0, 1]
    log.ranges = async (topic) => [...(await ranges.call(log, topic)), { partition: 1, start: 0, end: 5 }]
    log.read = async (topic, partition, ...rest) => {
      if (partition === 1) throw new Error(`the batch at offset 0 of ${topic}/1 cannot be decoded`)
      return read.call(log, topic, partition, ...rest)
    }
    const archive = new MemoryEventArchive()
    const archiver = archiverOf(log, archive, [transfers])
    await expect(archiver.step()).rejects.toThrow('the batch at offset 0 of bank.events/1 cannot be decoded')
    expect(await held(archive)).toEqual([2, 0])
    expect(await log.committed(archiveGroup(transfers), TOPIC)).toEqual(new Map([[0, 2]]))
  })

  it('holds so many bytes of messages at once at most, whatever partitions there are, and passes none by', async () => {
    const partitions = Array.from({ length: 30 }, (_, partition) => partition)
    const [each, bytes] = [6, 900_000]
    const log = await logOf([])
    log.assigned = async () => partitions
    log.ranges = async () => partitions.map((partition) => ({ partition, start: 0, end: each }))
    log.commit = async () => {}
    log.read = async (_topic, partition, offset) => {
      const values = Array.from({ length: each - offset }, (_, i) => {
        const event = { id: `${partition}/${offset + i}`, at: NOW, card_id: 'c', amount: 1, kind: 'transfer' }
        return Buffer.from(JSON.stringify({ ...event, more: 'x'.repeat(bytes) }))
      })
      return { baseOffset: offset, values, append_ms: values.map(() => NOW), nextOffset: each }
    }
    const archive = new MemoryEventArchive()
    const archiver = archiverOf(log, archive, [transfers])
    const steps: number[] = []
    for (let archived = 0; archived < each * partitions.length; archived += steps.at(-1)!)
      steps.push(await archiver.step())
    expect(Math.max(...steps) * bytes).toBeLessThan(80_000_000)
    expect(await archiver.step()).toBe(0)
    const { rows } = await archive.stats('transfers', { name: 'at', type: { kind: 'time' }, nullable: false }, [], null)
    expect(rows).toBe(each * partitions.length)
  })
})
