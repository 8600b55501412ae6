import { describe, expect, it } from 'vitest'
import { MeteredStore } from '../../src/cli/metered-store.ts'
import { METRICS } from '../../src/cli/metric-table.ts'
import { Metrics } from '../../src/cli/metrics.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import type { OnlineStore } from '../../src/stores/online-store.ts'

const NOW = Date.UTC(2026, 0, 1)

function newMetrics(now = () => NOW): Metrics {
  return new Metrics({ process: 'stream', version: '1.2.3', now })
}

/** The lines of one metric, or of those that begin with its name. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(name))
}

/** Everything that there is to tell, told once. */
function tellAll(metrics: Metrics): void {
  const source = metrics.source('payments')
  source.lag(0, 5)
  source.lagAge(1_500)
  source.watermark(NOW - 2_500)
  source.events('stream', 10)
  source.rowsWritten(20)
  source.batch(10)
  source.fresh(3, 10)
  source.rejected(1)
  source.quarantined(2)
  source.conflicts(3)
  source.gap()
  source.archiveMissing(4)
  metrics.store('read', 0.001, false)
  metrics.archiveInsert(0.2)
  metrics.request('checkout_risk', 200, 0.002)
  metrics.computed('payments', 'bin')()
  const timeline = metrics.timeline('payments by card')
  timeline.backfillRows(100)
  timeline.backfillParts('running', 2)
  timeline.coverage(false)
}

describe('metrics', () => {
  it('are those of the table, each with its type, its sentence and its labels', async () => {
    const metrics = newMetrics()
    tellAll(metrics)
    const text = await metrics.text()
    const told = [...text.matchAll(/^# TYPE (millrace_\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!])
    expect(told.sort()).toEqual(
      Object.values(METRICS)
        .map(({ name, type }) => [name, type])
        .sort(),
    )
    for (const { name, type, labels, text: sentence } of Object.values(METRICS)) {
      expect(text).toContain(`# HELP ${name} ${sentence}\n`)
      const line = new RegExp(`^${name}${type === 'histogram' ? '_count' : ''}(?:\\{(.*)\\})? `, 'm').exec(text)
      const found = [...(line?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label)
      expect([name, found.sort()]).toEqual([name, [...labels].sort()])
    }
  })

  it('follow the conventions of Prometheus', () => {
    for (const [key, { name, type, text }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^millrace_[a-z_]+$/)
      expect([key, name.endsWith('_total')]).toEqual([key, type === 'counter'])
      expect(name).not.toMatch(/_ms\b|milliseconds|_count$|_sum$|_bucket$/)
      expect(text).toMatch(/^[A-Z0-9].*\.$/)
    }
    for (const metric of Object.values(METRICS)) {
      if (!('buckets' in metric)) continue
      expect(metric.buckets).toEqual([...new Set(metric.buckets)].sort((a, b) => a - b))
    }
    const { buckets } = METRICS.freshness
    expect([buckets[0], buckets.at(-1)]).toEqual([0.001, 3_600])
  })

  it('have the values that were told, in seconds', async () => {
    const metrics = newMetrics()
    tellAll(metrics)
    tellAll(metrics)
    const text = await metrics.text()
    const lines = [
      'millrace_info{process="stream",version="1.2.3"} 1',
      'millrace_stream_lag_events{source="payments",partition="0"} 5',
      'millrace_stream_lag_seconds{source="payments"} 1.5',
      `millrace_watermark_seconds{source="payments"} ${(NOW - 2_500) / 1_000}`,
      'millrace_watermark_age_seconds{source="payments"} 2.5',
      'millrace_events_total{source="payments",road="stream"} 20',
      'millrace_rows_written_total{source="payments"} 40',
      'millrace_batch_events_count{source="payments"} 2',
      'millrace_batch_events_sum{source="payments"} 20',
      'millrace_store_seconds_count{operation="read"} 2',
      'millrace_archive_insert_seconds_sum 0.4',
      'millrace_rejected_total{source="payments"} 2',
      'millrace_quarantined_total{source="payments"} 4',
      'millrace_conflicts_total{source="payments"} 6',
      'millrace_gaps_total{source="payments"} 2',
      'millrace_requests_seconds_count{service="checkout_risk",status="200"} 2',
      'millrace_backfill_rows_total{timeline="payments by card"} 200',
      'millrace_backfill_parts{timeline="payments by card",state="running"} 2',
      'millrace_coverage_ok{timeline="payments by card"} 0',
    ]
    expect(text.split('\n')).toEqual(expect.arrayContaining(lines))
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  })

  it('of a source begin at 0, so that the first failure is an increase', async () => {
    const metrics = newMetrics()
    metrics.source('payments')
    for (const name of ['rows_written', 'rejected', 'quarantined', 'conflicts', 'gaps']) {
      expect(await linesOf(metrics, `millrace_${name}_total`)).toEqual([`millrace_${name}_total{source="payments"} 0`])
    }
  })

  it('tell how old a watermark is when they are asked', async () => {
    let now_ms = NOW
    const metrics = newMetrics(() => now_ms)
    const source = metrics.source('payments')
    expect(await linesOf(metrics, 'millrace_watermark')).toEqual([])
    source.watermark(NOW)
    now_ms += 60_000
    expect(await linesOf(metrics, 'millrace_watermark_age')).toEqual([
      'millrace_watermark_age_seconds{source="payments"} 60',
    ])
    source.watermark(null)
    expect(await linesOf(metrics, 'millrace_watermark')).toEqual([])
    source.watermark(NOW + 70_000)
    expect(await linesOf(metrics, 'millrace_watermark_age')).toEqual([
      'millrace_watermark_age_seconds{source="payments"} 0',
    ])
  })

  it('forget partitions that are no longer read', async () => {
    const metrics = newMetrics()
    const source = metrics.source('payments')
    source.lag(0, 5)
    source.lag(1, 6)
    source.forgetPartition(0)
    const one = 'millrace_stream_lag_events{source="payments",partition="1"} 6'
    expect(await linesOf(metrics, 'millrace_stream_lag_events')).toEqual([one])
    source.lag(0, 7)
    expect(await linesOf(metrics, 'millrace_stream_lag_events')).toEqual([
      one,
      'millrace_stream_lag_events{source="payments",partition="0"} 7',
    ])
  })

  it('count freshness in the bucket that holds it, by weight', async () => {
    const metrics = newMetrics()
    const { fresh } = metrics.source('payments')
    // On a bound, above it, far above all, and ahead of the clock.
    fresh(2)
    fresh(2.001, 10)
    fresh(7_200_000, 100)
    fresh(-50, 1_000)
    const bucket = (le: number | string) => `millrace_freshness_seconds_bucket{le="${le}",source="payments"}`
    expect(await linesOf(metrics, 'millrace_freshness_seconds')).toEqual([
      `${bucket(0.001)} 1000`,
      `${bucket(0.002)} 1001`,
      ...METRICS.freshness.buckets.slice(2).map((le) => `${bucket(le)} 1011`),
      `${bucket('+Inf')} 1111`,
      'millrace_freshness_seconds_sum{source="payments"} 720000.02201',
      'millrace_freshness_seconds_count{source="payments"} 1111',
    ])
  })

  it('are of one process each, with those of every Node process', async () => {
    const [one, other] = [newMetrics(), newMetrics()]
    one.source('payments').rejected(7)
    other.source('payments')
    expect(await linesOf(other, 'millrace_rejected_total{')).toEqual(['millrace_rejected_total{source="payments"} 0'])
    expect(await linesOf(one, 'process_resident_memory_bytes ')).toHaveLength(1)
    expect(await linesOf(one, 'nodejs_eventloop_lag_p99_seconds ')).toHaveLength(1)
  })
})

describe('a metered store', () => {
  it('measures reads, appends and swaps, and answers what its store does', async () => {
    const metrics = newMetrics()
    const store = new MeteredStore(new MemoryOnlineStore(), metrics)
    const rows = Uint8Array.of(1, 2, 3)
    await store.append(
      [{ key: 'a', rows, expires_at_ms: null }],
      [{ group: 'g', topic: 't', partition: 0, from: null, offset: 4 }],
    )
    expect(await store.read(['a', 'b'])).toEqual([rows, null])
    expect(await store.swap('a', rows, Uint8Array.of(9))).toBe(true)
    expect(await store.read(['a'])).toEqual([Uint8Array.of(9)])
    expect(await store.marks('g')).toEqual([{ group: 'g', topic: 't', partition: 0, offset: 4 }])
    expect(await store.groups()).toEqual(['g'])
    expect(await store.putDocument('d', { n: 1 }, 0)).toBe(true)
    expect(await store.document('d')).toEqual({ version: 1, value: { n: 1 } })
    expect([...(await store.documents('')).keys()]).toEqual(['d'])
    expect((await store.size()).timelines).toBe(1)
    const keys: string[] = []
    for await (const key of store.keys('')) keys.push(key)
    expect(keys).toEqual(['a'])
    await store.remove('a')
    expect(await store.read(['a'])).toEqual([null])
    await store.close()
    await expect(store.read(['a'])).rejects.toThrow('closed')
    expect(await linesOf(metrics, 'millrace_store_seconds_count')).toEqual([
      'millrace_store_seconds_count{operation="append"} 1',
      'millrace_store_seconds_count{operation="read"} 4',
      'millrace_store_seconds_count{operation="swap"} 1',
    ])
    expect(await linesOf(metrics, 'millrace_store_failures_total')).toEqual([
      'millrace_store_failures_total{operation="append"} 0',
      'millrace_store_failures_total{operation="read"} 1',
      'millrace_store_failures_total{operation="swap"} 0',
    ])
  })

  it('measures how long a call took', async () => {
    const metrics = newMetrics()
    const slow = {
      read: () => new Promise((resolve) => setTimeout(() => resolve([null]), 60)),
    } as unknown as OnlineStore
    await new MeteredStore(slow, metrics).read(['a'])
    const [line = ''] = await linesOf(metrics, 'millrace_store_seconds_sum')
    expect(Number(line.split(' ')[1])).toBeGreaterThan(0.05)
    expect(await linesOf(metrics, 'millrace_store_seconds_bucket{le="0.05"')).toEqual([
      'millrace_store_seconds_bucket{le="0.05",operation="read"} 0',
    ])
  })
})
