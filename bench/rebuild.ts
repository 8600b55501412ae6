import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backfillTimeline } from '../src/backfill/backfill.ts'
import { openChdbArchive } from '../src/stores/archive/chdb.ts'
import { archiveColumns } from '../src/stores/archive-columns.ts'
import type { EventArchive } from '../src/stores/event-archive.ts'
import { MemoryEventLog } from '../src/stores/log/memory.ts'
import { openRedisOnlineStore } from '../src/stores/online/redis/redis-online-store.ts'
import { registerTimelines } from '../src/stores/timeline-registry.ts'
import type { Value } from '../src/timeline/column-type.ts'
import { RedisServer } from '../test/services/redis/redis-servers.ts'
import { cardModel, cardPayment } from './card-model.ts'
import type { Report } from './main.ts'

const INSERT_ROWS = 100_000
const DAY_MS = 86_400_000

/** Rows in the archive, and how many different cards they are of. */
const CASES: readonly (readonly [rows: number, cards: number])[] = [
  [100_000, 100_000],
  [1_000_000, 10_000],
  [1_000_000, 100_000],
  [1_000_000, 1_000_000],
  [5_000_000, 100_000],
]

/**
 * What it takes to fill an empty Redis again: the archive (ClickHouse as a library, in this process) is scanned, sorted, encoded and
 * written, with the marks that prove it. Wall and CPU are of this process, so the library's part is in them; Redis beside it.
 */
export async function rebuildBench(report: Report): Promise<void> {
  for (const [rows, cards] of CASES) await rebuild(report, rows, cards)
}

async function rebuild(report: Report, rows: number, cards: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const server = await RedisServer.start()
  const archive = await openChdbArchive(folder)
  try {
    const model = cardModel()
    await fill(archive, model.sources.get('payments')!, rows, cards)
    const log = new MemoryEventLog({ now: Date.now })
    const store = await openRedisOnlineStore({ url: server.url, now: Date.now })
    await registerTimelines(store, model, () => ({}), Date.now())
    const [timeline] = [...model.timelines.values()].filter(({ entity }) => entity.name === 'card')
    const [cpu, redis, begun] = [process.cpuUsage(), redisCpu_us(server), performance.now()]
    const before = usedBytes(server)
    const signal = new AbortController().signal
    const done = await backfillTimeline(timeline!, { store, log, archive, now: Date.now, clock: 'wall', signal })
    if (done.rows !== rows) throw new Error(`${done.rows} rows of ${rows} were filled`)
    const seconds = (performance.now() - begun) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    const perCpu = rows / ((user + system) / 1e6) / 1_000
    report(
      `${rows / 1_000} k rows of ${cards / 1_000} k cards, one timeline`,
      `${Math.round(rows / seconds / 1_000)} k rows/s, ${Math.round(perCpu)} k per CPU-second; ` +
        `Redis ${((redisCpu_us(server) - redis) / rows).toFixed(2)} us a row, ` +
        `${Math.round((usedBytes(server) - before) / Math.min(cards, rows))} bytes a card; ` +
        `${((seconds * 1e6) / rows).toFixed(2)} s a million rows`,
    )
    await store.close()
  } finally {
    await archive.close()
    await server.dispose()
    await rm(folder, { recursive: true, force: true })
  }
}

async function fill(
  archive: EventArchive,
  source: NonNullable<ReturnType<ReturnType<typeof cardModel>['sources']['get']>>,
  total: number,
  cards: number,
): Promise<void> {
  const columns = archiveColumns(source)
  const { table } = source.archive!
  await archive.create(table, columns, 'occurred_at')
  const now_ms = Date.now()
  for (let at = 0; at < total; at += INSERT_ROWS) {
    const values: Value[][] = columns.map(() => [])
    for (let i = at; i < at + INSERT_ROWS; i++) {
      const payment = cardPayment(i, now_ms - Math.floor((i * 7 * DAY_MS) / total))
      const event = source.parser.parse({ ...payment, card_id: `card-${Math.imul(i, 2_654_435_761) % cards}` })
      for (const [c, value] of event.values.entries()) values[c]!.push(value)
    }
    const rows = Array.from({ length: INSERT_ROWS }, (_, i) => at + i)
    const [origins, arrived_ms] = [rows.map(() => 'file/bench'), rows.map(() => now_ms)]
    await archive.insert({ table, columns, values, origins, sequences: rows, arrived_ms })
  }
}

function redisCpu_us(server: RedisServer): number {
  const info = server.cli('info', 'cpu')
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)![1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}

function usedBytes(server: RedisServer): number {
  return Number(/used_memory:(\d+)/.exec(server.cli('info', 'memory'))![1])
}
