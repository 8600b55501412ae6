import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaServer } from '../scripts/servers/kafka-server.ts'
import { KafkaEventLog } from '../src/stores/log/kafka/kafka.ts'
import { RedisServer } from '../test/services/redis/redis-servers.ts'
import { CARDS } from './card-model.ts'
import type { Report } from './main.ts'
import { paymentMessage } from './worker-events.ts'
import type { Answers, Order, Used } from './worker-process.ts'

const EVENTS = 1_000_000
const WARM = 250_000
const BATCH = 5_000
const PARTITIONS = 4
const STAGE_EVENTS = 300_000
const RATES = [1_000, 5_000, 10_000, 30_000]
const FRESH_SECONDS = 6
const WARM_MS = 2_000

/** What V8 is given in every process of ours. */
const FLAGS = ['--max-semi-space-size=64', '--min-semi-space-size=16', '--initial-old-space-size=256']

/** One stream worker as a process of its own, from a Kafka broker to a Redis on this machine, three timelines an event. */
export async function workerBench(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const kafka = new KafkaServer({ folder, node: { id: 1, port: 19_296, controllerPort: 19_297 } })
  const redis = await RedisServer.start()
  try {
    await kafka.start()
    await produce(kafka.address)
    const worker = await Worker.start(kafka.address, redis.url)
    try {
      await throughput(report, worker, redis)
      let first = EVENTS
      for (const rate of RATES) {
        await freshness(report, worker, kafka.address, rate, first)
        first += rate * FRESH_SECONDS
      }
      await stages(report, worker)
    } finally {
      await worker.end()
    }
  } finally {
    await kafka.stop()
    await redis.dispose()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Fills the topic beforehand, so that only the worker works while it is measured. */
export async function produce(address: string, events = EVENTS, partitions = PARTITIONS, cards = CARDS): Promise<void> {
  const log = new KafkaEventLog({ brokers: [address], now: Date.now })
  await log.ensureTopic('payments', partitions)
  const from_ms = Date.now() - events
  for (let at = 0; at < events; at += BATCH) {
    await log.append(
      'payments',
      Array.from({ length: BATCH }, (_, i) => paymentMessage(at + i, from_ms + at + i, cards)),
    )
  }
  await log.close()
}

async function throughput(report: Report, worker: Worker, redis: RedisServer): Promise<void> {
  const before_us = redisCpu_us(redis)
  const { warm, whole } = await worker.order({ order: 'carry', events: EVENTS, warm: WARM })
  const redis_us = redisCpu_us(redis) - before_us
  report('Kafka -> Redis, 3 timelines an event, marks', perSecond(warm.events / warm.wall_ms))
  report('the same per worker CPU-second', perSecond((warm.events / warm.cpu_us) * 1e3))
  report('the same with start and warm-up', perSecond((whole.events / whole.cpu_us) * 1e3))
  report('Redis CPU an event', `${(redis_us / whole.events).toFixed(2)} us`)
}

/** From the instant an event is made in another process to when its rows and its mark are in Redis. */
async function freshness(report: Report, worker: Worker, address: string, rate: number, first: number): Promise<void> {
  const args = [address, 'payments', String(rate), String(FRESH_SECONDS), String(first)]
  const load = fork(join(import.meta.dirname, 'worker-load.ts'), args, { execArgv: ['--import', 'tsx'] })
  const ended = once(load, 'exit')
  await sleep(WARM_MS)
  await worker.order({ order: 'fresh' })
  await ended
  const { ages_ms, appends, used } = await worker.order({ order: 'ages' })
  const sorted = [...ages_ms].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1)
  const busy = Math.round((100 * used.cpu_us) / 1e3 / used.wall_ms)
  report(
    `freshness at ${rate} events/s, made to visible`,
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms; ${(used.events / appends).toFixed(1)} an append, ${busy} % CPU`,
  )
}

async function stages(report: Report, worker: Worker): Promise<void> {
  const parts = await worker.order({ order: 'stages', events: STAGE_EVENTS, partitions: PARTITIONS })
  const each = (used: Used) => used.cpu_us / used.events
  const all = Object.values(parts).reduce((sum, used) => sum + each(used), 0)
  for (const [name, used] of Object.entries(parts)) {
    report(`alone: ${name}`, `${each(used).toFixed(2)} us an event, ${Math.round((100 * each(used)) / all)} %`)
  }
}

/** The worker's process, which obeys one order at a time. */
export class Worker {
  readonly #process: ChildProcess
  #settle: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | null = null

  private constructor(process: ChildProcess) {
    this.#process = process
    process.on('message', (answer) => this.#settle?.resolve(answer))
    process.once('exit', () => this.#settle?.reject(new Error('the worker has died')))
  }

  static async start(address: string, url: string): Promise<Worker> {
    const file = join(import.meta.dirname, 'worker-process.ts')
    const worker = new Worker(fork(file, [address, url], { execArgv: [...FLAGS, '--import', 'tsx'] }))
    await worker.#next()
    return worker
  }

  async order<O extends Order>(order: O): Promise<Answers[O['order']]> {
    const answer = this.#next()
    this.#process.send(order)
    return (await answer) as Answers[O['order']]
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.disconnect()
    await ended
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }
}

export function redisCpu_us(server: RedisServer): number {
  const info = server.cli('info', 'cpu')
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)![1])
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6
}

export function perSecond(perMs: number): string {
  return `${Math.round(perMs)} k/s`
}
