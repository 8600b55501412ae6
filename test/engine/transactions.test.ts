import { expect, it } from 'vitest'
import { ArchiveWorker } from '../../src/cli/archive-worker.ts'
import { EngineClock } from '../../src/cli/engine-clock.ts'
import { StreamWorker } from '../../src/cli/stream-worker.ts'
import { Troubles } from '../../src/cli/troubles.ts'
import { count } from '../../src/index.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import type { LogBatch } from '../../src/stores/event-log.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { skippedBelow } from '../../src/stores/skipped-offsets.ts'
import { clock, modelOf, payment } from './payments-kit.ts'

const TRANSACTIONS = 20_000
const model = modelOf({ n: count().over('20d') })
const source = model.sources.get('payments')!

/** One partition of transactions of one message each: after each comes the log's own note of its end, as in Kafka. */
class TransactionLog extends MemoryEventLog {
  override async read(topic: string, partition: number, offset: number, maxMessages: number): Promise<LogBatch> {
    const { values, append_ms } = await super.read(topic, partition, Math.ceil(offset / 2), Math.min(1, maxMessages))
    const baseOffset = 2 * Math.ceil(offset / 2)
    const at = baseOffset / 2 + 1
    const { end } = (await super.ranges(topic))[0]!
    if (values.length === 0) return { baseOffset: offset, values, append_ms, nextOffset: 2 * end }
    return {
      baseOffset,
      values,
      append_ms,
      nextOffset: at === end ? 2 * end : baseOffset + 1,
      ...(at < end && { more: true }),
    }
  }
  override async ranges(topic: string) {
    return (await super.ranges(topic)).map((range) => ({ ...range, start: 0, end: 2 * range.end }))
  }
}

async function transactions(): Promise<TransactionLog> {
  const log = new TransactionLog({ now: clock })
  await log.ensureTopic('payments', 1)
  const messages = Array.from({ length: TRANSACTIONS }, (_, i) => payment(`p${i}`, 19))
  await log.append(
    'payments',
    messages.map((message) => ({ key: 'c', value: Buffer.from(JSON.stringify(message)) })),
  )
  return log
}

/** An archive that counts what is written. */
class CountedArchive extends MemoryEventArchive {
  readonly rows: Record<string, number[]> = {}
  override async insert(of: Parameters<MemoryEventArchive['insert']>[0]): Promise<void> {
    this.rows[of.table] = [...(this.rows[of.table] ?? []), of.sequences.length]
    await super.insert(of)
  }
}

it('archives many small transactions in few inserts, and accounts for their ends in as many notes', async () => {
  const log = await transactions()
  const archive = new CountedArchive()
  const worker = new ArchiveWorker({ model, log, archive, now: clock, troubles: new Troubles() })
  const archiver = worker.archivers.get('payments')!
  let steps = 0
  while ((await archiver.step()) > 0) steps++
  expect(archiver.positions.get(0)).toBe(2 * TRANSACTIONS)
  expect(steps).toBe(2)
  expect(archive.rows).toEqual({ payments: [10_000, 10_000], millrace_skipped: [1, 1] })
  const held = await archive.sequences([{ table: 'payments' }], 'log/payments/0', 2 * TRANSACTIONS)
  expect([held, await skippedBelow(archive, source, 0, 2 * TRANSACTIONS)]).toEqual([TRANSACTIONS, TRANSACTIONS])
  // Whatever bound a search for a hole asks for.
  for (const below of [0, 1, 2, 3, 9_999, 10_000, 20_001, 39_999]) {
    expect([below, await skippedBelow(archive, source, 0, below)]).toEqual([below, Math.floor(below / 2)])
  }
})

it('streams many small transactions in full batches', async () => {
  const log = await transactions()
  const store = new MemoryOnlineStore()
  const batches: number[] = []
  const worker = await StreamWorker.open(
    {
      ...{ model, store, log, clock: new EngineClock('wall', clock), troubles: new Troubles() },
      onApplied: (_, { events }) => void batches.push(events),
    },
    1,
  )
  const stream = worker.streams.get('payments')!
  while (await stream.step());
  expect(stream.positions.get(0)).toBe(2 * TRANSACTIONS)
  expect(batches).toEqual(Array(8).fill(2_500))
})
