import { Redis } from 'ioredis'
import { openRedisOnlineStore } from '../src/stores/online/redis/redis-online-store.ts'
import type { OnlineStore, TimelineAppend } from '../src/stores/online-store.ts'
import { RedisCluster, RedisServer } from '../test/services/redis/redis-servers.ts'
import type { Report } from './main.ts'

const BATCH_ROWS = 5_000
const ROW_BYTES = 40
const BATCHES = 100
const READS = 40_000

/** Reads under way at once: requests of an API that is at work. */
const READS_AT_ONCE = 32

const MONTH_MS = 30 * 86_400_000

/** Measures the online store in Redis beside ioredis doing the same by its own means, in one run, on the same server. */
export async function redisBench(report: Report): Promise<void> {
  const server = await RedisServer.start()
  try {
    for (const [name, keys] of [
      ['2,000 keys', 2_000],
      ['500,000 keys', 500_000],
    ] as const) {
      server.cli('flushall')
      await measureStore(server.url, async (store) => {
        report(`append, ${name}, store, first time`, await appends(server, keys, (batch) => store.append(batch)))
        report(`append, ${name}, store, again`, await appends(server, keys, (batch) => store.append(batch)))
      })
      server.cli('flushall')
      const redis = new Redis(server.port, '127.0.0.1', { protocol: 2 })
      await appends(server, keys, (batch) => byPipeline(redis, batch))
      report(`append, ${name}, ioredis, APPEND alone`, await appends(server, keys, (batch) => byPipeline(redis, batch)))
      redis.disconnect()
    }
    await fill(server, report)
    await marks(server, report)
    await reads(server, report)
    await memory(server, report)
  } finally {
    await server.dispose()
  }
  await cluster(report)
}

async function measureStore(url: string, act: (store: OnlineStore) => Promise<void>): Promise<void> {
  const store = await openRedisOnlineStore({ url, now: Date.now })
  try {
    await act(store)
  } finally {
    await store.close()
  }
}

/** Rows by the second, and microseconds of a core by the row: of this process, and of Redis. */
async function appends(
  server: RedisServer,
  keys: number,
  append: (batch: readonly TimelineAppend[]) => Promise<unknown>,
): Promise<string> {
  const redis = redisCpu_us(server)
  let took_ms = 0
  let node_us = 0
  for (let i = 0; i < BATCHES; i++) {
    // Made now, as a stream makes its rows: not from old and cold memory.
    const batch = makeBatch(keys, i)
    const [cpu, start] = [process.cpuUsage(), performance.now()]
    await append(batch)
    took_ms += performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    node_us += user + system
  }
  const rows = BATCHES * BATCH_ROWS
  const us = (value: number) => `${(value / rows).toFixed(2)} us`
  return `${Math.round(rows / took_ms)} k rows/s; Node ${us(node_us)}, Redis ${us(redisCpu_us(server) - redis)}`
}

async function byPipeline(redis: Redis, batch: readonly TimelineAppend[]): Promise<void> {
  const pipeline = redis.pipeline()
  for (const { key, rows } of batch) pipeline.append(key, rows as Buffer)
  await pipeline.exec()
}

/** What a mark adds to a small batch. */
async function marks(server: RedisServer, report: Report): Promise<void> {
  await measureStore(server.url, async (store) => {
    const batch = makeBatch(2_000, 1).slice(0, 15)
    for (const marked of [false, true]) {
      let offset: number | null = null
      const start = performance.now()
      for (let i = 0; i < 3_000; i++) {
        await store.append(batch, marked ? [{ group: 'g', topic: 't', partition: 0, from: offset, offset: i }] : [])
        if (marked) offset = i
      }
      const us = ((performance.now() - start) / 3_000) * 1_000
      report(`append of 15 rows, ${marked ? 'with' : 'without'} a mark`, `${us.toFixed(0)} us`)
    }
  })
}

async function reads(server: RedisServer, report: Report): Promise<void> {
  for (const rows of [12, 200]) {
    server.cli('flushall')
    const keys = Array.from({ length: 3_000 }, (_, i) => keyOf(i))
    await measureStore(server.url, async (store) => {
      await store.append(keys.map((key) => ({ key, rows: Buffer.alloc(rows * ROW_BYTES, 7), expires_at_ms: null })))
      report(`read of 3 keys of ${rows} rows, store`, await readTime(keys, (three) => store.read(three)))
    })
    const redis = new Redis(server.port, '127.0.0.1', { protocol: 2 })
    report(`read of 3 keys of ${rows} rows, ioredis MGET`, await readTime(keys, (three) => redis.mgetBuffer(three)))
    redis.disconnect()
  }
}

async function readTime(keys: readonly string[], read: (keys: string[]) => Promise<unknown>): Promise<string> {
  let best = ''
  for (let round = 0; round < 2; round++) {
    const [cpu, start] = [process.cpuUsage(), performance.now()]
    let next = 0
    const reader = async () => {
      while (next < READS) {
        const i = next++ % 1_000
        await read([keys[i]!, keys[i + 1_000]!, keys[i + 2_000]!])
      }
    }
    await Promise.all(Array.from({ length: READS_AT_ONCE }, reader))
    const { user, system } = process.cpuUsage(cpu)
    best = `Node ${((user + system) / READS).toFixed(1)} us, ${Math.round(READS / (performance.now() - start))} k/s`
  }
  return best
}

/** Timelines that grow row by row, as by a stream, and such as are written at once, as by a backfill. */
async function memory(server: RedisServer, report: Report): Promise<void> {
  for (const [rows, each] of [
    [1, 1],
    [12, 1],
    [12, 12],
    [200, 1],
    [200, 200],
  ] as const) {
    server.cli('flushall')
    const count = rows === 200 ? 5_000 : 50_000
    const used = () => Number(/used_memory:(\d+)/.exec(server.cli('info', 'memory'))![1])
    const before = used()
    await measureStore(server.url, async (store) => {
      for (let i = 0; i < rows; i += each) {
        const expires_at_ms = Date.now() + MONTH_MS
        for (let at = 0; at < count; at += 1_000) {
          const part = Buffer.alloc(each * ROW_BYTES, 7)
          await store.append(
            Array.from({ length: 1_000 }, (_, k) => ({ key: keyOf(at + k), rows: part, expires_at_ms })),
          )
        }
      }
      const how = each === 1 ? 'one by one' : 'at once'
      report(
        `bytes of Redis a key of ${rows} rows of ${ROW_BYTES}, ${how}`,
        String(Math.round((used() - before) / count)),
      )
    })
  }
}

/** What a backfill writes: every timeline once. */
async function fill(server: RedisServer, report: Report): Promise<void> {
  server.cli('flushall')
  await measureStore(server.url, async (store) => {
    const part = Buffer.alloc(12 * ROW_BYTES, 7)
    const [batches, keys] = [200, 2_000]
    const redis = redisCpu_us(server)
    let took_ms = 0
    for (let i = 0; i < batches; i++) {
      const expires_at_ms = Date.now() + MONTH_MS
      const batch = Array.from({ length: keys }, (_, k) => ({ key: keyOf(i * keys + k), rows: part, expires_at_ms }))
      const start = performance.now()
      await store.append(batch)
      took_ms += performance.now() - start
    }
    const rows = batches * keys * 12
    const us = (redisCpu_us(server) - redis) / rows
    report('append of new timelines of 12 rows', `${Math.round(rows / took_ms)} k rows/s; Redis ${us.toFixed(2)} us`)
  })
}

async function cluster(report: Report): Promise<void> {
  const cluster = await RedisCluster.start(3, 0)
  try {
    await measureStore(cluster.url, async (store) => {
      const start = performance.now()
      for (let i = 0; i < BATCHES; i++) await store.append(makeBatch(100_000, i))
      const rate = (BATCHES * BATCH_ROWS) / (performance.now() - start)
      report('append, 100,000 keys, cluster of 3 masters', `${Math.round(rate)} k rows/s`)
    })
  } finally {
    await cluster.dispose()
  }
}

function redisCpu_us(server: RedisServer): number {
  const info = server.cli('info', 'cpu')
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)![1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}

const ROW = Buffer.alloc(ROW_BYTES, 7)

function makeBatch(keys: number, number: number): TimelineAppend[] {
  const expires_at_ms = Date.now() + MONTH_MS
  return Array.from({ length: BATCH_ROWS }, (_, i) => ({
    // A multiplicative hash, to spread the keys as cards are spread.
    key: keyOf(((number * BATCH_ROWS + i) * 2_654_435_761) % keys),
    rows: ROW,
    expires_at_ms,
  }))
}

function keyOf(number: number): string {
  return `mr:0123456789abcdef:{11:card-${String(number).padStart(6, '0')}}`
}
