import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface Service {
  readonly image: string
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly command?: readonly string[]
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string; readonly retries: number }
}

interface Compose {
  readonly services: Readonly<Record<'kafka' | 'redis' | 'clickhouse', Service>>
  readonly volumes: Readonly<Record<string, null>>
}

const FILE = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docker-compose.yml'), 'utf8')
const { services, volumes } = parse(FILE, { strict: true, uniqueKeys: true }) as Compose
const named = Object.entries(services)

/** What a service may say, so that a misspelt word is found without Docker. */
const WORDS = 'image,restart,stop_grace_period,ports,volumes,environment,command,ulimits,healthcheck'.split(',')
const HEALTH_WORDS = 'test,interval,timeout,retries,start_period'.split(',')

/** `A://host:1,B://:2` by name. */
function listeners(text: unknown): Map<string, { host: string; port: string }> {
  return new Map(
    String(text)
      .split(',')
      .map((one) => {
        const [, name, host, port] = /^(\w+):\/\/([\w.]*):(\d+)$/.exec(one)!
        return [name!, { host: host!, port: port! }]
      }),
  )
}

describe('docker-compose.yml', () => {
  test('has the three servers, each with a fixed version', () => {
    expect(Object.keys(services).sort()).toEqual(['clickhouse', 'kafka', 'redis'])
    expect(named.map(([, { image }]) => image)).toEqual([
      expect.stringMatching(/^apache\/kafka:4\.1\.\d+$/),
      expect.stringMatching(/^redis:7\.\d+/),
      expect.stringMatching(/^clickhouse\/clickhouse-server:2[5-9]\.\d+$/),
    ])
  })

  test.each(named)('%s says nothing that compose does not know', (_, service) => {
    expect(Object.keys(service).filter((word) => !WORDS.includes(word))).toEqual([])
    expect(Object.keys(service.healthcheck).filter((word) => !HEALTH_WORDS.includes(word))).toEqual([])
  })

  test.each(named)('%s listens on this machine only', (_, { ports }) => {
    expect(ports.length).toBeGreaterThan(0)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  test.each(named)('%s keeps its data in a volume of its own, and says whether it is well', (name, service) => {
    expect(service.volumes.map((volume) => volume.split(':')[0])).toEqual([name])
    expect(Object.keys(volumes)).toContain(name)
    expect(['CMD', 'CMD-SHELL']).toContain(service.healthcheck.test[0])
    expect(service.healthcheck.test.length).toBeGreaterThan(1)
    expect(service.healthcheck.retries).toBeGreaterThan(0)
  })

  test('Redis keeps every write and forgets none', () => {
    const [program, ...flags] = services.redis.command!
    expect(program).toBe('redis-server')
    const given = Object.fromEntries(flags.flatMap((flag, i) => (i % 2 === 0 ? [[flag, flags[i + 1]]] : [])))
    expect(given).toEqual({
      '--appendonly': 'yes',
      '--appendfsync': 'everysec',
      '--maxmemory': expect.stringMatching(/^\$\{MILLRACE_REDIS_MEMORY:-\w+\}$/),
      '--maxmemory-policy': 'noeviction',
    })
    expect(services.redis.volumes).toEqual(['redis:/data'])
  })

  test('Kafka is one KRaft broker, and tells each side an address that it can reach', () => {
    const environment = services.kafka.environment!
    expect(environment.KAFKA_PROCESS_ROLES).toBe('broker,controller')
    expect(Buffer.from(String(environment.CLUSTER_ID), 'base64')).toHaveLength(16)
    const listening = listeners(environment.KAFKA_LISTENERS)
    const advertised = listeners(environment.KAFKA_ADVERTISED_LISTENERS)
    const protocols = String(environment.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP).split(',')
    expect(protocols.map((one) => one.split(':')[0]).sort()).toEqual([...listening.keys()].sort())
    const controller = String(environment.KAFKA_CONTROLLER_LISTENER_NAMES)
    expect([...listening.keys()].filter((name) => !advertised.has(name))).toEqual([controller])
    for (const [name, { port }] of advertised) expect(listening.get(name)!.port).toBe(port)
    expect(listening.has(String(environment.KAFKA_INTER_BROKER_LISTENER_NAME))).toBe(true)
    expect(environment.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe(
      `${environment.KAFKA_NODE_ID}@localhost:${listening.get(controller)!.port}`,
    )
    const { host, port } = advertised.get('HOST')!
    expect(services.kafka.ports).toEqual([`${host}:${port}:${port}`])
    expect(services.kafka.volumes).toEqual([`kafka:${environment.KAFKA_LOG_DIRS}`])
    const copies = Object.entries(environment).filter(([name]) => /REPLICATION_FACTOR|MIN_ISR/.test(name))
    expect(copies.map(([, value]) => value)).toEqual(copies.map(() => 1))
  })

  test('ClickHouse has a user with a password, of its own', () => {
    const { CLICKHOUSE_USER, CLICKHOUSE_PASSWORD, CLICKHOUSE_DB } = services.clickhouse.environment!
    expect([CLICKHOUSE_USER, CLICKHOUSE_DB]).toEqual(['millrace', 'millrace'])
    expect(CLICKHOUSE_PASSWORD).toMatch(/^\$\{MILLRACE_CLICKHOUSE_PASSWORD:-\w+\}$/)
    // Compose puts in what has one $, the container what has two.
    expect(services.clickhouse.healthcheck.test[1]).toMatch(
      /--user "\$\$CLICKHOUSE_USER" --password "\$\$CLICKHOUSE_PASSWORD"/,
    )
  })
})
