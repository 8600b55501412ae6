import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClickHouseFront } from '../../scripts/servers/clickhouse-front/front-process.ts'
import { freePorts } from '../../scripts/servers/port.ts'
import type { LoadedConfig } from '../../src/cli/config/loaded-config.ts'
import { resolveConfig } from '../../src/cli/config/resolve-config.ts'
import { ServerError } from '../../src/cli/server-error.ts'
import { openServerArchive, openServerLog, openServerStore } from '../../src/cli/server-stores.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'
import { type KafkaBrokers, startBrokers } from './kafka/kafka-broker.ts'
import { RedisServer } from './redis/redis-servers.ts'

const HUSH = 'hush-4711'
const CARD = 'card-of-somebody'

let redis: RedisServer
let kafka: KafkaBrokers
let front: ClickHouseFront
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  folder = await temporaryFolder()
  redis = await RedisServer.start()
  redis.cli('config', 'set', 'requirepass', HUSH)
  front = await ClickHouseFront.start(folder.path, { user: 'fraud', password: HUSH })
  const [own] = await freePorts(1)
  kafka = await startBrokers({
    properties: ({ port, controllerPort }) => ({
      // Clients come by the listener that asks who they are, the broker talks to itself by another.
      listeners: `CLIENT://127.0.0.1:${port},OWN://127.0.0.1:${own},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `CLIENT://127.0.0.1:${port},OWN://127.0.0.1:${own}`,
      'inter.broker.listener.name': 'OWN',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,OWN:PLAINTEXT,CLIENT:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_fraud="${HUSH}";`,
    }),
  })
  env = {
    MILLRACE_REDIS_URL: redis.url.replace('://', `://:${HUSH}@`),
    MILLRACE_REDIS_PREFIX: 'fraud:',
    MILLRACE_REDIS_SECRET: 'sixteen bytes or more',
    MILLRACE_KAFKA_BROKERS: kafka.addresses.join(','),
    MILLRACE_KAFKA_SASL_MECHANISM: 'plain',
    MILLRACE_KAFKA_SASL_USERNAME: 'fraud',
    MILLRACE_KAFKA_SASL_PASSWORD: HUSH,
    MILLRACE_CLICKHOUSE_URL: front.url,
    MILLRACE_CLICKHOUSE_USER: 'fraud',
    MILLRACE_CLICKHOUSE_PASSWORD: HUSH,
    MILLRACE_CLICKHOUSE_DATABASE: 'fraud',
  }
})

afterAll(async () => {
  await front?.signal('SIGKILL')
  await kafka?.dispose()
  await redis?.dispose()
  await folder?.remove()
})

const config = (more: Readonly<Record<string, string>> = {}): LoadedConfig =>
  resolveConfig({ file: null, env: { ...env, ...more }, cwd: folder.path })

describe('the stores of a configuration', () => {
  it('are Redis, under its prefix and without the names of entities', async () => {
    const store = await openServerStore(config())
    try {
      const key = `t:{${CARD}}`
      await store.append([{ key, rows: Uint8Array.of(1, 2), expires_at_ms: null }])
      expect((await store.read([key])).map((rows) => [...rows!])).toEqual([[1, 2]])
      const keys = redis.cli('-a', HUSH, '--no-auth-warning', 'keys', '*').split('\n')
      expect(keys.length).toBeGreaterThan(0)
      for (const held of keys) {
        expect(held.startsWith('fraud:')).toBe(true)
        expect(held).not.toContain(CARD)
      }
    } finally {
      await store.close()
    }
  })

  it('are Kafka', async () => {
    const log = await openServerLog(config())
    try {
      expect(await log.ensureTopic('payments', 3)).toBe(3)
      const [place] = await log.append('payments', [{ key: 'k', value: Buffer.from('{}') }])
      const { values } = await log.read('payments', place!.partition, 0, 10)
      expect(values.map((value) => Buffer.from(value).toString())).toEqual(['{}'])
    } finally {
      await log.close()
    }
  })

  it('are ClickHouse, with its database', async () => {
    const archive = await openServerArchive(config())
    try {
      const at = { name: 'at', type: { kind: 'time' }, nullable: false } as const
      await archive.create('payments', [at], 'at')
      expect([...(await archive.describe('payments'))!.columns.keys()]).toContain('at')
      expect([...(await archive.describe('fraud.payments'))!.columns.keys()]).toContain('at')
    } finally {
      await archive.close()
    }
  })
})

describe('a server that does not let us in', () => {
  type Open = (config: LoadedConfig) => Promise<{ close(): Promise<void> }>
  const wrong: [string, Open, Readonly<Record<string, string>>, string, string][] = [
    ['Redis', openServerStore, {}, 'REDIS_REFUSED', 'redis.url (MILLRACE_REDIS_URL)'],
    ['Kafka', openServerLog, { MILLRACE_KAFKA_SASL_PASSWORD: 'Wrong-1' }, 'KAFKA_REFUSED', 'kafka.brokers'],
    [
      'ClickHouse',
      openServerArchive,
      { MILLRACE_CLICKHOUSE_PASSWORD: 'Wrong-1' },
      'CLICKHOUSE_REFUSED',
      'clickhouse.url',
    ],
  ]
  it.each(wrong)('is told: %s', async (server, open, more, code, option) => {
    const other = server === 'Redis' ? { MILLRACE_REDIS_URL: redis.url.replace('://', '://:Wrong-1@') } : more
    const failure = await open(config(other)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ServerError)
    const { message, cure, ...rest } = failure as ServerError
    expect(rest).toMatchObject({ code, retryable: false, exitCode: 1 })
    expect(cure).toContain(`correct it there, or correct ${option}`)
    expect(message).toMatch(/127\.0\.0\.1:\d+/)
    expect(message).not.toContain('Wrong-1')
    expect(message).not.toContain(HUSH)
  })
})

describe('a server that is away', () => {
  it('is told, with its address and what to correct, and may be tried again', async () => {
    const [port] = await freePorts(1)
    const away = config({
      MILLRACE_REDIS_URL: `redis://:${HUSH}@127.0.0.1:${port}`,
      MILLRACE_KAFKA_BROKERS: `127.0.0.1:${port}`,
      MILLRACE_CLICKHOUSE_URL: `http://127.0.0.1:${port}`,
    })
    const failures = await Promise.all(
      [openServerStore(away), openServerLog(away), openServerArchive(away)].map((opened) =>
        (opened as Promise<unknown>).catch((error: unknown) => error),
      ),
    )
    const refused = `connect ECONNREFUSED 127.0.0.1:${port}`
    expect(failures.map((failure) => failure instanceof ServerError && failure.retryable)).toEqual([true, true, true])
    expect(failures.map((failure) => (failure as ServerError).code)).toEqual([
      'REDIS_UNREACHABLE',
      'KAFKA_UNREACHABLE',
      'CLICKHOUSE_UNREACHABLE',
    ])
    const [store, log, archive] = failures.map((failure) => (failure as Error).message)
    expect(store).toBe(`the online store cannot be opened: Redis at 127.0.0.1:${port} cannot be reached: ${refused}`)
    expect(log).toBe(`the log cannot be opened: Kafka at 127.0.0.1:${port}: Connection error: ${refused}`)
    expect(archive).toContain(`the archive could not open http://127.0.0.1:${port}: nothing listens`)
    expect((failures[1] as ServerError).cure).toBe('start it, or correct kafka.brokers (MILLRACE_KAFKA_BROKERS)')
  })

  it('and so may a Redis whose policy takes rows away: whoever corrects it does so while it runs', async () => {
    redis.cli('-a', HUSH, 'config', 'set', 'maxmemory-policy', 'allkeys-lru')
    const failure = await openServerStore(config()).catch((error: unknown) => error)
    redis.cli('-a', HUSH, 'config', 'set', 'maxmemory-policy', 'noeviction')
    expect(failure).toMatchObject({
      code: 'REDIS_REFUSED',
      retryable: true,
      cure: 'correct it there, or correct redis.url (MILLRACE_REDIS_URL)',
      message: expect.stringContaining('has maxmemory-policy allkeys-lru'),
    })
    await (await openServerStore(config())).close()
  })

  it('is another thing than one that is not configured', async () => {
    const none = resolveConfig({ file: null, env: {}, cwd: folder.path })
    for (const open of [openServerStore, openServerLog, openServerArchive]) {
      await expect(open(none)).rejects.toMatchObject({ code: 'SERVER_NOT_CONFIGURED', exitCode: 2 })
    }
  })
})
