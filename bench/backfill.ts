import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backfillTimeline } from '../src/backfill/backfill.ts'
import { openEmbeddedStores } from '../src/cli/embedded-stores.ts'
import { archiveColumns } from '../src/stores/archive-columns.ts'
import { registerTimelines } from '../src/stores/timeline-registry.ts'
import type { Value } from '../src/timeline/column-type.ts'
import { cardModel, cardPayment } from './card-model.ts'
import type { Report } from './main.ts'

const ROWS = 1_000_000
const INSERT_ROWS = 100_000
const DAY_MS = 86_400_000

/** Rows of the archive that become rows of timelines: ClickHouse scan and sort, encoding, LMDB on disk. */
export async function backfillBench(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const stores = await openEmbeddedStores(folder, Date.now)
  try {
    const model = cardModel()
    const source = model.sources.get('payments')!
    const columns = archiveColumns(source)
    const { table } = source.archive!
    await stores.archive.create(table, columns, 'occurred_at')
    const now_ms = Date.now()
    for (let at = 0; at < ROWS; at += INSERT_ROWS) {
      const values: Value[][] = columns.map(() => [])
      for (let i = 0; i < INSERT_ROWS; i++) {
        const event = source.parser.parse(cardPayment(at + i, now_ms - Math.floor(((at + i) * 7 * DAY_MS) / ROWS)))
        for (const [c, value] of event.values.entries()) values[c]!.push(value)
      }
      const rows = Array.from({ length: INSERT_ROWS }, (_, i) => i)
      await stores.archive.insert({
        table,
        columns,
        values,
        origins: rows.map(() => 'file/bench'),
        sequences: rows.map((i) => at + i),
        arrived_ms: rows.map(() => now_ms),
      })
    }
    await registerTimelines(stores.store, model, () => ({}), now_ms)
    for (const timeline of model.timelines.values()) {
      const cpu = process.cpuUsage()
      const begun = performance.now()
      const { rows } = await backfillTimeline(timeline, {
        ...stores,
        now: Date.now,
        clock: 'wall',
        signal: new AbortController().signal,
      })
      const seconds = (performance.now() - begun) / 1_000
      const { user, system } = process.cpuUsage(cpu)
      report(
        `archive -> timelines by ${timeline.entity.name}, ${rows} rows`,
        `${Math.round(rows / seconds / 1_000)} k/s, ${Math.round(rows / ((user + system) / 1e6) / 1_000)} k per CPU-second`,
      )
    }
  } finally {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
}
