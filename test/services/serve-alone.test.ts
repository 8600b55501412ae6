import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, z } from '../../src/index.ts'
import { openRedisOnlineStore } from '../../src/stores/online/redis/redis-online-store.ts'
import { registerTimelines } from '../../src/stores/timeline-registry.ts'
import { CARD_COUNT } from '../faults/processes/card-count.ts'
import { MillraceProcess } from '../faults/processes/millrace-process.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'
import { RedisServer } from './redis/redis-servers.ts'

/** The same, for who registers it. */
function model() {
  const payments = source('payments', {
    schema: z.object({ id: z.string(), at: z.int(), card_id: z.string() }),
    id: 'id',
    time: 'at',
    stream: { topic: 'payments' },
    archive: { table: 'payments' },
  })
  const card = entity('card', { key: { card_id: z.string() } })
  const cards = featureGroup('cards', { source: payments, entity: card, features: { n: count().over('7d') } })
  const profile = featureService('profile', { features: [cards] })
  return resolveModel(collect([{ file: 'definitions.ts', exports: { payments, card, cards, profile } }]))
}

let redis: RedisServer
let silent: Server
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  mkdirSync(join(folder.path, 'defs'))
  writeFileSync(join(folder.path, 'defs', 'definitions.ts'), CARD_COUNT)
  redis = await RedisServer.start()
  silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
})
afterAll(async () => {
  silent?.close()
  await redis?.dispose()
  await folder?.remove()
})

it('serve started while Kafka and ClickHouse are away answers vectors, is ready, and refuses events with the reason', async () => {
  const defs = join(folder.path, 'defs')
  const store = await openRedisOnlineStore({ url: redis.url, now: Date.now })
  await registerTimelines(store, model(), () => ({}), Date.now())
  await store.close()
  const { port } = silent.address() as AddressInfo
  const serve = new MillraceProcess('serve', ['serve'], () => ({
    MILLRACE_DEFS: defs,
    MILLRACE_REDIS_URL: redis.url,
    MILLRACE_KAFKA_BROKERS: `127.0.0.1:${port}`,
    MILLRACE_CLICKHOUSE_URL: `http://127.0.0.1:${port}`,
    MILLRACE_HTTP_PORT: '0',
  }))
  await serve.start()
  const headers = { 'content-type': 'application/json' }
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${serve.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }
  expect(await post('/v1/services/profile', { keys: { card_id: 'c' } })).toMatchObject({
    status: 200,
    body: { features: { cards__n_7d: 0 }, status: { cards__n_7d: 'incomplete' } },
  })
  expect(await post('/v1/sources/payments/events', { id: 'a', at: Date.now(), card_id: 'c' })).toMatchObject({
    status: 503,
    body: { error: { code: 'INTAKE_FAILED' } },
  })
  await expect
    .poll(async () => (await fetch(`${serve.url}/readyz`)).json(), { timeout: 60_000 })
    .toEqual({ status: 'ready', notes: [expect.stringMatching(/^Kafka: .*127\.0\.0\.1/)] })
  expect(await serve.stop()).toBe(0)
})
