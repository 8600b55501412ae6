import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { Model } from '../src/features/model.ts'
import { createApi } from '../src/serving/http/api.ts'
import { VectorService } from '../src/serving/vector-service.ts'
import { openEmbeddedOnlineStore } from '../src/stores/online/embedded.ts'
import type { OnlineStore } from '../src/stores/online-store.ts'
import { registerTimelines, updateTimeline } from '../src/stores/timeline-registry.ts'
import { TimelineWriter } from '../src/stores/timeline-writer.ts'
import type { FeatureValue } from '../src/timeline/aggregate.ts'
import { aggregates } from '../src/timeline/aggregates/index.ts'
import { hash64 } from '../src/timeline/id-hash.ts'
import { TimelinePlan } from '../src/timeline/plan.ts'
import { RowEncoder } from '../src/timeline/row-codec.ts'
import type { RowSchemas, StoredColumn } from '../src/timeline/row-schema.ts'
import { cpu_us, leastCpu } from './least-cpu.ts'
import type { Load, LoadResult } from './load-generator.ts'
import type { Report } from './main.ts'
import { PAYMENTS, scoredPayment, servingModel, servingPayment } from './serving-model.ts'

const CONNECTIONS = 32
const REQUESTS = 15_000
const ROUNDS = 4
const DAY_MS = 86_400_000
const RUNS = 20

/** What a read of the kernel costs, and requests a second of the whole API beside a server that answers a constant. */
export async function servingBench(report: Report): Promise<void> {
  for (const rows of [1, 12, 50, 200, 1_000]) kernelBench(report, rows, 'numbers')
  for (const rows of [1, 12, 50, 200, 1_000]) kernelBench(report, rows, 'a filter and texts, too')
  await apiBench(report)
}

const COLUMNS: readonly StoredColumn[] = [
  { name: 'amount', type: { kind: 'money', scale: 2 } },
  { name: 'shop', type: { kind: 'string', bytesMax: 64 } },
  { name: 'status', type: { kind: 'enum', values: ['approved', 'declined'] } },
]
const SCHEMAS: RowSchemas = { columns: COLUMNS, schemas: [{ number: 1, columns: [0, 1, 2] }] }

/** Four windows of six aggregates over one timeline: of one number column, or with a filter and a text column, too. */
function kernelBench(report: Report, count: number, over: 'numbers' | 'a filter and texts, too'): void {
  const now_ms = Date.UTC(2026, 0, 31)
  const encoder = new RowEncoder(SCHEMAS)
  for (let i = 0; i < count; i++) {
    const id = hash64(`payment-${i}`)
    const values = [(i * 7_919) % 50_000, `shop-${i % 9}`, i % 17 === 0 ? 'declined' : 'approved']
    const time_ms = now_ms - Math.floor((30 * DAY_MS * (count - i)) / (count + 1))
    encoder.add(time_ms, Number(id & 0xffffffffn), Number(id >> 32n), 0, false, values)
  }
  const rows = encoder.take()
  const declined = { op: 'eq', source: 's', column: 'status', value: 'declined' } as const
  const base = {
    source: 's',
    of: null,
    params: {},
    where: null,
    per: null,
    excludeCurrent: false,
    windows: [],
    delay: null,
  }
  const specs = [
    { ...base, aggregate: 'count', column: null },
    { ...base, aggregate: 'sum', column: 'amount' },
    { ...base, aggregate: 'avg', column: 'amount' },
    { ...base, aggregate: 'max', column: 'amount' },
    over === 'numbers'
      ? { ...base, aggregate: 'min', column: 'amount' }
      : { ...base, aggregate: 'count', column: null, where: declined },
    over === 'numbers'
      ? { ...base, aggregate: 'timeSinceLast', column: null }
      : { ...base, aggregate: 'countDistinct', column: 'shop' },
  ]
  const features = specs.flatMap((spec) =>
    [DAY_MS / 24, DAY_MS, 7 * DAY_MS, 30 * DAY_MS].map((window_ms) => ({ spec, window_ms, delay_ms: 0 })),
  )
  const type = (name: string) => COLUMNS.find((column) => column.name === name)!.type
  const plan = new TimelinePlan(features, type, SCHEMAS, aggregates)
  const out: FeatureValue[] = []
  report(
    `kernel read of ${count} rows, 4 windows of 6 aggregates: ${over}`,
    `${leastCpu(() => plan.read(rows, now_ms, null, out), count).toFixed(2)} us of CPU`,
  )
}

async function apiBench(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const store = await openEmbeddedOnlineStore(join(folder, 'online'))
  const generator = fork(new URL('./load-generator.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
  try {
    const model = servingModel()
    const now_ms = Date.now()
    await fill(store, model, now_ms)
    const vectors = new VectorService({ model, store, now: Date.now, clock: 'wall', watermark: () => Date.now() })
    await vectors.refresh()
    const bodies = Array.from({ length: 5_000 }, (_, n) => JSON.stringify(scoredPayment(n * 23, now_ms)))
    const answer = await vectors.answerText('checkout', JSON.parse(bodies[0]!))
    const { status } = JSON.parse(answer) as { status: object }
    if (Object.keys(status).length > 0) throw new Error(`the answers are not ok: ${answer}`)
    await inProcess(report, vectors, bodies)

    const api = createApi({ model, vectors, append: async () => {}, ready: () => [] })
    const bare = new Hono()
    bare.post('/v1/services/:service', (c) => c.body(answer, 200, { 'content-type': 'application/json' }))
    const ours = await serving(generator, api.fetch, bodies)
    const theirs = await serving(generator, bare.fetch, bodies)
    // By turns, so that whatever else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round++) {
      await ours.load()
      await theirs.load()
    }
    ours.report(report, 'API, 3 entities, 96 features')
    theirs.report(report, 'bare hono, a constant')
    report('API / bare hono, requests a server CPU-second', (ours.perCpuSecond() / theirs.perCpuSecond()).toFixed(2))
  } finally {
    generator.kill()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** What one answer costs without HTTP. */
async function inProcess(report: Report, vectors: VectorService, bodies: readonly string[]): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    const begun = cpu_us()
    for (const body of bodies) await vectors.answerText('checkout', JSON.parse(body))
    least = Math.min(least, (cpu_us() - begun) / bodies.length)
  }
  report('one answer without HTTP, JSON in and out', `${least.toFixed(1)} us of CPU`)
}

interface Serving {
  load(): Promise<void>
  /** Requests a CPU-second of this process, in its best round. */
  perCpuSecond(): number
  report(report: Report, name: string): void
}

/** A server that is loaded from another process. */
async function serving(
  generator: ChildProcess,
  fetch: Parameters<typeof serve>[0]['fetch'],
  bodies: readonly string[],
): Promise<Serving> {
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const send = async (requests: number) => {
    const order: Load = { port, path: '/v1/services/checkout', bodies, requests, connections: CONNECTIONS }
    generator.send(order)
    const [result] = (await once(generator, 'message')) as [LoadResult]
    return result
  }
  await send(REQUESTS)
  const rounds: (LoadResult & { readonly perCpuSecond: number })[] = []
  const best = (of: (round: (typeof rounds)[number]) => number) => Math.max(...rounds.map(of))
  const perCpuSecond = () => best((round) => round.perCpuSecond)
  return {
    async load() {
      const begun = cpu_us()
      const result = await send(REQUESTS)
      rounds.push({ ...result, perCpuSecond: REQUESTS / ((cpu_us() - begun) / 1e6) })
    },
    perCpuSecond,
    report(report, name) {
      const perSecond = best(({ elapsed_ms }) => (REQUESTS / elapsed_ms) * 1_000)
      const sorted = rounds.flatMap(({ latencies_us }) => latencies_us).sort((a, b) => a - b)
      const percentile = (share: number) => `${(sorted[Math.floor(share * sorted.length)]! / 1_000).toFixed(2)} ms`
      const size = `${Math.round(rounds[0]!.bytes / REQUESTS)} bytes`
      report(`${name}: requests/s, ${CONNECTIONS} connections, ${size}`, `${Math.round(perSecond)}`)
      report(`${name}: requests a server CPU-second`, `${Math.round(perCpuSecond())}`)
      report(`${name}: latency p50 / p99 at that load`, `${percentile(0.5)} / ${percentile(0.99)}`)
    },
  }
}

async function fill(store: OnlineStore, model: Model, now_ms: number): Promise<void> {
  const records = await registerTimelines(store, model, () => ({}), now_ms)
  const { parser } = model.sources.get('payments')!
  for (const timeline of model.timelines.values()) {
    const record = records.get(timeline.fingerprint)!
    const writer = new TimelineWriter(timeline, record)
    for (let n = 0; n < PAYMENTS; n++) {
      writer.add(parser.parse(servingPayment(n, now_ms)))
      if (n % 10_000 === 9_999) await store.append(writer.take(null))
    }
    const columns = Object.fromEntries(record.schemas.columns.map((_, column) => [column, 0]))
    await updateTimeline(store, timeline.fingerprint, (found) => ({
      ...found,
      coverage: { since_ms: 0, columns, reason: null, proof: [] },
    }))
  }
}
