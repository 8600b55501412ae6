import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CommandError } from '../../src/cli/command-error.ts'
import type { LoadedConfig } from '../../src/cli/config/loaded-config.ts'
import { resolveConfig } from '../../src/cli/config/resolve-config.ts'
import { VARIABLES } from '../../src/cli/config/variables.ts'
import { type Config, defineConfig } from '../../src/config.ts'

type Env = Readonly<Record<string, string>>

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
writeFileSync(join(folder, 'ca.pem'), PEM)
writeFileSync(join(folder, 'notes.txt'), 'no certificate')
afterAll(() => rmSync(folder, { recursive: true }))

/** A file that exports this, `undefined` for no file, with an environment. */
function resolved(value: unknown, env: Env = {}): LoadedConfig {
  const name = 'millrace.config.ts'
  const file = value === undefined ? null : { name, path: join(folder, name), value }
  return resolveConfig({ file, env, cwd: folder })
}

/** The sentences about what is wrong. */
function problems(value: unknown, env: Env = {}): string[] {
  try {
    resolved(value, env)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    expect([error.code, error.exitCode, error.cause]).toEqual(['CONFIG_WRONG', 2, undefined])
    const [head, ...lines] = error.message.split('\n  ')
    expect(head).toBe(`the configuration has ${lines.length === 1 ? 'an error' : `${lines.length} errors`}:`)
    return lines
  }
  return []
}

const servers = defineConfig({
  redis: { url: 'redis://127.0.0.1' },
  kafka: { brokers: ['127.0.0.1:9092'] },
  clickhouse: { url: 'http://127.0.0.1:8123' },
})

const withServers = (more: Config): Config => ({
  ...more,
  redis: { ...servers.redis, ...more.redis },
  kafka: { ...servers.kafka, ...more.kafka },
  clickhouse: { ...servers.clickhouse, ...more.clickhouse },
})

/** Every option there is; the compiler tells where one is forgotten. */
type Every<T> = T extends readonly unknown[] | string | number | boolean
  ? T
  : { readonly [K in keyof T]-?: Every<NonNullable<T[K]>> }

const tls = { ca: PEM, cert: 'ca.pem', key: PEM, serverName: 'inner' }
const every: Every<Omit<Config, 'kafka'>> & {
  kafka: Every<Omit<NonNullable<Config['kafka']>, 'ssl'>> & { ssl: typeof tls }
} = {
  defs: 'defs',
  clock: 'history',
  redis: { url: 'rediss://r', prefix: 'p:', secret: 'sixteen bytes ok', tls, patience: '2s', timeout: '3s' },
  kafka: {
    brokers: ['a:1', '[::1]:2'],
    clientId: 'fraud',
    groupPrefix: 'staging.',
    ssl: tls,
    sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    partitions: 24,
    session: '1m',
  },
  clickhouse: {
    url: 'https://c:8443/path',
    user: 'u',
    password: 'p',
    accessToken: 't',
    database: 'd',
    cluster: 'k',
    tls,
    compression: { request: true, response: true },
    timeouts: { connect: '1s', answer: '2s', scan: '2h' },
    connections: 3,
    idle: '999ms',
    settings: { insert_quorum: 2 },
  },
  stream: { maxBatch: 1, linger: '5ms' },
  archive: { maxBatch: 2, linger: '1m' },
  http: { host: '0.0.0.0', port: 0 },
  log: { level: 'debug' },
}

describe('a configuration', () => {
  it('has a default for everything, and no servers', () => {
    expect(resolved(undefined)).toEqual({
      file: null,
      servers: false,
      defs: 'feature-defs',
      clock: 'wall',
      redis: null,
      kafka: null,
      clickhouse: null,
      stream: { maxBatch: 2_500, linger_ms: 0 },
      archive: { maxBatch: 10_000, linger_ms: 250 },
      http: { host: '127.0.0.1', port: 8_080 },
      log: { level: 'info' },
    })
  })

  it('has servers where all three are given', () => {
    const { servers: used, redis, kafka, clickhouse } = resolved(servers)
    expect(used).toBe(true)
    expect(redis).toEqual({
      url: 'redis://127.0.0.1',
      prefix: '',
      secret: null,
      tls: null,
      patience_ms: 1_000,
      timeout_ms: 5_000,
    })
    expect(kafka).toEqual({
      brokers: ['127.0.0.1:9092'],
      clientId: 'millrace',
      groupPrefix: '',
      ssl: null,
      sasl: null,
      partitions: 12,
      session_ms: 10_000,
    })
    expect(clickhouse).toMatchObject({ url: 'http://127.0.0.1:8123', user: null, database: 'default', idle_ms: 2_500 })
  })

  it('takes every option, in units of our own, PEM files read', () => {
    const { clickhouse, ...rest } = every
    const { accessToken: _, ...login } = clickhouse
    const pem = { ca: PEM, cert: PEM, key: PEM, serverName: 'inner' }
    const { patience: _patience, timeout: _timeout, ...redis } = every.redis
    const config = resolved({ ...rest, clickhouse: login })
    expect(config).toMatchObject({
      redis: { ...redis, tls: pem, patience_ms: 2_000, timeout_ms: 3_000 },
      kafka: { brokers: ['a:1', '[::1]:2'], ssl: pem, sasl: every.kafka.sasl, partitions: 24, session_ms: 60_000 },
      clickhouse: { tls: pem, timeouts: { connect_ms: 1_000, answer_ms: 2_000, scan_ms: 7_200_000 }, idle_ms: 999 },
      stream: { maxBatch: 1, linger_ms: 5 },
      archive: { maxBatch: 2, linger_ms: 60_000 },
    })
    const { accessToken } = clickhouse
    const { user: _user, password: _password, ...bearer } = clickhouse
    expect(resolved({ ...rest, clickhouse: bearer }).clickhouse).toMatchObject({ accessToken, user: null })
  })

  it('may say undefined for what is not given', () => {
    expect(resolved(defineConfig({ defs: undefined, redis: undefined, http: { port: undefined } }))).toEqual({
      ...resolved(undefined),
      file: 'millrace.config.ts',
    })
  })
})

describe('environment variables', () => {
  it('there is one for every option but the settings of ClickHouse', () => {
    const leaves = (value: object, at: string): string[] =>
      Object.entries(value).flatMap(([key, one]) =>
        typeof one === 'object' && !Array.isArray(one) && key !== 'settings'
          ? leaves(one as object, `${at}${key}.`)
          : [at + key],
      )
    const paths = leaves(every, '').filter((path) => path !== 'clickhouse.settings')
    expect(VARIABLES.map(({ path }) => path).sort()).toEqual([...paths, 'kafka.ssl'].sort())
    expect(new Set(VARIABLES.map(({ name }) => name)).size).toBe(VARIABLES.length)
    for (const { name, text } of VARIABLES) {
      expect(name).toMatch(/^MILLRACE_[A-Z_]+$/)
      expect(text).toMatch(/^\S.*\.$/)
    }
  })

  it('win over the file, option by option', () => {
    const file = withServers({ redis: { prefix: 'file:', patience: '2s' }, http: { host: '0.0.0.0', port: 1 } })
    const env = {
      MILLRACE_REDIS_PREFIX: 'env:',
      MILLRACE_KAFKA_BROKERS: 'a:9092, b:9092,',
      MILLRACE_HTTP_PORT: '2',
      MILLRACE_CLICKHOUSE_COMPRESSION_REQUEST: 'true',
      MILLRACE_LOG_LEVEL: '',
    }
    expect(resolved(file, env)).toMatchObject({
      redis: { url: 'redis://127.0.0.1', prefix: 'env:', patience_ms: 2_000 },
      kafka: { brokers: ['a:9092', 'b:9092'] },
      clickhouse: { compression: { request: true, response: false } },
      http: { host: '0.0.0.0', port: 2 },
      log: { level: 'info' },
    })
  })

  it('alone can set everything', () => {
    const at = (path: string) => path.split('.').reduce<unknown>((value, part) => (value as Env)[part], every)
    const env = Object.fromEntries(
      VARIABLES.map(({ name, path }) => {
        const value = path === 'kafka.ssl' ? true : at(path)
        return [name, Array.isArray(value) ? value.join(',') : String(value)] as const
      }),
    )
    const { MILLRACE_CLICKHOUSE_USER: _, MILLRACE_CLICKHOUSE_PASSWORD: __, ...bearer } = env
    const { user, password, settings, ...clickhouse } = every.clickhouse
    expect(resolved(undefined, bearer)).toEqual({ ...resolved({ ...every, clickhouse }), file: null })
  })

  it('turn TLS on and off without its certificates being lost', () => {
    const file = withServers({ kafka: { ssl: { serverName: 'inner' } } })
    expect(resolved(file, { MILLRACE_KAFKA_SSL: 'true' }).kafka?.ssl).toEqual({ serverName: 'inner' })
    expect(resolved(file, { MILLRACE_KAFKA_SSL: 'false' }).kafka?.ssl).toBeNull()
    expect(resolved(file, { MILLRACE_KAFKA_SSL_CA: 'ca.pem' }).kafka?.ssl).toEqual({ serverName: 'inner', ca: PEM })
    expect(resolved(servers, { MILLRACE_KAFKA_SSL: 'true' }).kafka?.ssl).toEqual({})
  })

  it('of docker-compose.yml and of Kubernetes do no harm', () => {
    const env = {
      MILLRACE_REDIS_MEMORY: '1gb',
      MILLRACE_CLICKHOUSE_PASSWORD: 'compose',
      MILLRACE_SERVICE_HOST: '10.0.0.1',
      MILLRACE_SERVICE_PORT_METRICS: '9090',
      MILLRACE_PORT: 'tcp://10.0.0.1:80',
      MILLRACE_API_PORT_80_TCP_ADDR: '10.0.0.1',
      OTHER_REDIS_URL: 'x',
    }
    expect(resolved(undefined, env)).toEqual(resolved(undefined))
  })
})

const NO_SERVER = 'is missing: Redis, Kafka and ClickHouse are used together, and'
const FILE = 'millrace.config.ts'
const MS = "write a whole number of ms, s, m, h or d, as '250ms'"

describe('what is wrong is named, with what to do', () => {
  const files: [unknown, ...string[]][] = [
    ['redis', `${FILE}: 'redis' is not an object; write its options between { and }`],
    [null, `${FILE}: null is not an object; write its options between { and }`],
    [{ defs: '' }, `${FILE}: defs: '' is not a text; give one that is not empty`],
    [{ defs: ['a'] }, `${FILE}: defs: a list is not a text; give one that is not empty`],
    [{ clock: 'now' }, `${FILE}: clock: 'now' is not known; give 'wall' or 'history'`],
    [{ log: { level: 'trace' } }, `${FILE}: log.level: 'trace' is not known; give 'debug', 'info', 'warn' or 'error'`],
    [{ htpp: {} }, `${FILE}: htpp is not known; did you mean 'http'?`],
    [{ http: { prot: 1 } }, `${FILE}: http.prot is not known; did you mean 'port'?`],
    [{ http: { tls: 1 } }, `${FILE}: http.tls is not known; there are host, port`],
    [{ http: 8080 }, `${FILE}: http: 8080 is not an object; write its options between { and }`],
    [
      { http: { port: 65_536 } },
      `${FILE}: http.port: 65536 is not a port; give a whole number from 0 (any free one) to 65535`,
    ],
    [
      { http: { port: '80' } },
      `${FILE}: http.port: '80' is not a port; give a whole number from 0 (any free one) to 65535`,
    ],
    [{ stream: { maxBatch: 0 } }, `${FILE}: stream.maxBatch: 0 is not a whole number from 1 to 100000; give one`],
    [{ stream: { maxBatch: 1.5 } }, `${FILE}: stream.maxBatch: 1.5 is not a whole number from 1 to 100000; give one`],
    [{ stream: { linger: 5 } }, `${FILE}: stream.linger: 5 is not a time from 0ms to 1m; ${MS}`],
    [{ archive: { linger: '2m' } }, `${FILE}: archive.linger: '2m' is not a time from 0ms to 1m; ${MS}`],
    [{ archive: { linger: '05s' } }, `${FILE}: archive.linger: '05s' is not a time from 0ms to 1m; ${MS}`],
    [
      withServers({ redis: { url: 'http://h' } }),
      `${FILE}: redis.url: 'http://h' cannot be used: its form is redis://[user:password@]host[:port][/database], rediss:// for TLS`,
    ],
    [
      withServers({ redis: { url: '' } }),
      `${FILE}: redis.url: '' is not a URL; write redis://[user:password@]host[:port][/database]`,
    ],
    [
      withServers({ redis: { prefix: 'a b' } }),
      `${FILE}: redis.prefix: 'a b' is not a prefix of keys; give at most 100 of A-Z a-z 0-9 : . _ / -`,
    ],
    [
      withServers({ redis: { secret: 'too short' } }),
      `${FILE}: redis.secret: *** is not a secret; give a text of at least 16 bytes, made by chance`,
    ],
    [
      withServers({ redis: { patience: '1w' as '1s' } }),
      `${FILE}: redis.patience: '1w' is not a time from 0ms to 10m; ${MS}`,
    ],
    [
      withServers({ redis: { tls: { serverName: 'r' } } }),
      `${FILE}: redis.tls is given, and ${FILE}: redis.url is not encrypted; write rediss:// in it`,
    ],
    [
      withServers({ redis: { url: 'rediss://r', tls: { ca: 'none.pem' } } }),
      `${FILE}: redis.tls.ca: 'none.pem' is neither PEM nor a file that can be read (ENOENT); give one of them`,
    ],
    [
      withServers({ redis: { url: 'rediss://r', tls: { ca: 'notes.txt' } } }),
      `${FILE}: redis.tls.ca: 'notes.txt' is a file without PEM; give one that has a line -----BEGIN ...`,
    ],
    [
      withServers({ kafka: { brokers: ['a:1', 'b'] } }),
      `${FILE}: kafka.brokers[1]: 'b' is not host:port; write each broker as kafka-1:9092`,
    ],
    [
      withServers({ kafka: { brokers: 'a:1' as unknown as string[] } }),
      `${FILE}: kafka.brokers: 'a:1' is not a list; write [ 'kafka-1:9092', ... ]`,
    ],
    [
      withServers({ kafka: { brokers: [] } }),
      `${FILE}: kafka.brokers: a list has no broker; write [ 'kafka-1:9092', ... ]`,
    ],
    [
      withServers({ kafka: { groupPrefix: 'my group' } }),
      `${FILE}: kafka.groupPrefix: 'my group' is not the beginning of a group name; give at most 100 of A-Z a-z 0-9 . _ -`,
    ],
    [
      withServers({ kafka: { ssl: 'yes' as unknown as boolean } }),
      `${FILE}: kafka.ssl: 'yes' is neither true, false nor an object; give one of them`,
    ],
    [
      withServers({ kafka: { sasl: { mechanism: 'aws' as 'plain', username: 'u', password: 'p' } } }),
      `${FILE}: kafka.sasl.mechanism: 'aws' is not known; give 'plain', 'scram-sha-256' or 'scram-sha-512'`,
    ],
    [
      withServers({ kafka: { sasl: { username: 'u' } } }),
      `kafka.sasl.mechanism is missing: ${FILE}: kafka.sasl.username is given; set MILLRACE_KAFKA_SASL_MECHANISM, or give kafka.sasl.mechanism in ${FILE}`,
      `kafka.sasl.password is missing: ${FILE}: kafka.sasl.username is given; set MILLRACE_KAFKA_SASL_PASSWORD, or give kafka.sasl.password in ${FILE}`,
    ],
    [
      withServers({ kafka: { ssl: { cert: PEM } } }),
      `kafka.ssl.key is missing: ${FILE}: kafka.ssl.cert is given; set MILLRACE_KAFKA_SSL_KEY, or give kafka.ssl.key in ${FILE}`,
    ],
    [
      withServers({ kafka: { partitions: 1_025 } }),
      `${FILE}: kafka.partitions: 1025 is not a whole number from 1 to 1024; give one`,
    ],
    [
      withServers({ clickhouse: { url: 'clickhouse:8123' } }),
      `${FILE}: clickhouse.url: 'clickhouse:8123' is not the URL of a ClickHouse; write http://host:8123 or https://host:8443`,
    ],
    [
      withServers({ clickhouse: { user: 'a:b' } }),
      `${FILE}: clickhouse.user: 'a:b' is not a user; give a name without a colon, which cannot be sent`,
    ],
    [
      withServers({ clickhouse: { tls: { serverName: 'c' } } }),
      `${FILE}: clickhouse.tls is given, and ${FILE}: clickhouse.url is not encrypted; write https:// in it`,
    ],
    [
      withServers({ clickhouse: { accessToken: 't', user: 'u' } }),
      `${FILE}: clickhouse.accessToken is given, and ${FILE}: clickhouse.user is given; it takes the place of user and password: leave one out`,
    ],
    [
      withServers({ clickhouse: { settings: { max: [1] as unknown as number } } }),
      `${FILE}: clickhouse.settings: an object are not settings; write { name: value }, each a text, a number, true or false`,
    ],
    [
      { redis: { url: 'redis://h' } },
      `kafka.brokers ${NO_SERVER} ${FILE}: redis.url is given; set MILLRACE_KAFKA_BROKERS, or give kafka.brokers in ${FILE}`,
      `clickhouse.url ${NO_SERVER} ${FILE}: redis.url is given; set MILLRACE_CLICKHOUSE_URL, or give clickhouse.url in ${FILE}`,
    ],
  ]
  it.each(files)('file %j', (file, ...messages) => {
    expect(problems(file)).toEqual(messages)
  })

  const variables: [Env, ...string[]][] = [
    [
      { MILLRACE_HTTP_PORT: '80a' },
      "MILLRACE_HTTP_PORT: '80a' is not a port; give a whole number from 0 (any free one) to 65535",
    ],
    [
      { MILLRACE_HTTP_PORT: 'tcp://10.0.0.1:80' },
      "MILLRACE_HTTP_PORT: 'tcp://10.0.0.1:80' is not a port; give a whole number from 0 (any free one) to 65535; Kubernetes sets it where there is a service of that name: say enableServiceLinks: false in the pod",
    ],
    [{ MILLRACE_CLOCK: 'now' }, "MILLRACE_CLOCK: 'now' is not known; give 'wall' or 'history'"],
    [{ MILLRACE_STREAM_LINGER: '5' }, `MILLRACE_STREAM_LINGER: '5' is not a time from 0ms to 1m; ${MS}`],
    [
      { MILLRACE_STREAM_MAX_BATCH: '1e3' },
      "MILLRACE_STREAM_MAX_BATCH: '1e3' is not a whole number from 1 to 100000; give one",
    ],
    [{ MILLRACE_HTTP_PROT: '1' }, 'MILLRACE_HTTP_PROT is not known; did you mean MILLRACE_HTTP_PORT?'],
    [{ MILLRACE_REDIS_URI: 'x' }, 'MILLRACE_REDIS_URI is not known; did you mean MILLRACE_REDIS_URL?'],
    [{ MILLRACE_REDIS_PORT: '6379' }, 'MILLRACE_REDIS_PORT is not known; did you mean MILLRACE_REDIS_URL?'],
    [
      { MILLRACE_HTTP_CERTIFICATE: 'x' },
      'MILLRACE_HTTP_CERTIFICATE is not known; there are MILLRACE_HTTP_HOST, MILLRACE_HTTP_PORT',
    ],
    [{ MILLRACE_DEBUG: '1' }, 'MILLRACE_DEBUG is not known; did you mean MILLRACE_DEFS?'],
    [{ MILLRACE_VERBOSITY: '1' }, 'MILLRACE_VERBOSITY is not known; leave it out'],
    [
      { MILLRACE_REDIS_PREFIX: 'p:' },
      `redis.url ${NO_SERVER} MILLRACE_REDIS_PREFIX is given; set MILLRACE_REDIS_URL`,
      `kafka.brokers ${NO_SERVER} MILLRACE_REDIS_PREFIX is given; set MILLRACE_KAFKA_BROKERS`,
      `clickhouse.url ${NO_SERVER} MILLRACE_REDIS_PREFIX is given; set MILLRACE_CLICKHOUSE_URL`,
    ],
    [
      { MILLRACE_REDIS_URL: 'redis://r', MILLRACE_KAFKA_BROKERS: 'k:9092', MILLRACE_CLICKHOUSE_PASSWORD: 'p' },
      `clickhouse.url ${NO_SERVER} MILLRACE_REDIS_URL is given; set MILLRACE_CLICKHOUSE_URL`,
    ],
  ]
  it.each(variables)('environment %j', (env, ...messages) => {
    expect(problems(undefined, env)).toEqual(messages)
  })

  const both: [Env, ...string[]][] = [
    [{ MILLRACE_KAFKA_SSL: 'yes' }, "MILLRACE_KAFKA_SSL: 'yes' is neither true, false nor an object; give one of them"],
    [
      { MILLRACE_KAFKA_SSL: 'false', MILLRACE_KAFKA_SSL_CA: 'ca.pem' },
      'MILLRACE_KAFKA_SSL_CA is given, and MILLRACE_KAFKA_SSL is false; leave one of them out',
    ],
    [
      { MILLRACE_KAFKA_BROKERS: 'a:1,b' },
      "MILLRACE_KAFKA_BROKERS: 'b' is not host:port; write each broker as kafka-1:9092",
    ],
    [
      { MILLRACE_CLICKHOUSE_ACCESS_TOKEN: 't', MILLRACE_CLICKHOUSE_URL: 'http://u:p@h' },
      'MILLRACE_CLICKHOUSE_ACCESS_TOKEN is given, and MILLRACE_CLICKHOUSE_URL says a user; it takes the place of user and password: leave one out',
    ],
    [
      { MILLRACE_REDIS_TLS_CA: 'ca.pem' },
      `MILLRACE_REDIS_TLS_CA is given, and ${FILE}: redis.url is not encrypted; write rediss:// in it`,
    ],
  ]
  it.each(both)('environment %j over a file with servers', (env, ...messages) => {
    expect(problems(servers, env)).toEqual(messages)
  })

  it('all at once, of the environment first', () => {
    const found = problems(
      { htpp: 1, http: { port: -1 }, redis: { url: 'redis://h' } },
      { MILLRACE_FOO: '1', MILLRACE_LOG_LEVEL: 'x' },
    )
    expect(found.map((line) => line.split(/;|: Redis/, 1)[0])).toEqual([
      'MILLRACE_FOO is not known',
      "MILLRACE_LOG_LEVEL: 'x' is not known",
      `${FILE}: http.port: -1 is not a port`,
      `${FILE}: htpp is not known`,
      'kafka.brokers is missing',
      'clickhouse.url is missing',
    ])
  })
})

describe('secrets are never shown', () => {
  const HUSH = 'Hush-Hush/4711'
  const wrong: [unknown, Env][] = [
    [{ redis: { url: `redis://u:${HUSH}@h/x` } }, {}],
    [{ redis: { url: `u:${HUSH}@h` } }, {}],
    [{ redis: { url: `redis://h?password=${HUSH}` } }, {}],
    [{ redis: `redis://u:${HUSH}@h` }, {}],
    [{ redis: { secret: HUSH } }, {}],
    [{ redis: { password: HUSH } }, {}],
    [{ redis: { secret: [HUSH] } }, {}],
    [{ kafka: { brokers: `sasl://u:${HUSH}@h` } }, {}],
    [{ kafka: { brokers: [`u:${HUSH}@h`] } }, {}],
    [{ kafka: { sasl: { password: { is: HUSH } } } }, {}],
    [{ kafka: { ssl: { key: HUSH } } }, {}],
    [{ clickhouse: { url: `ftp://u:${HUSH}@h` } }, {}],
    [{ clickhouse: { accessToken: [HUSH] } }, {}],
    [{ clickhouse: { settings: { password: [HUSH] } } }, {}],
    [undefined, { MILLRACE_REDIS_SECRET: HUSH }],
    [undefined, { MILLRACE_REDIS_URL: `redis:/u:${HUSH}@h` }],
    [undefined, { MILLRACE_CLICKHOUSE_URL: `u:${HUSH}@h` }],
    [undefined, { MILLRACE_KAFKA_SASL_PASSWORD: HUSH }],
    [undefined, { MILLRACE_PASSWORD: HUSH }],
  ]
  it.each(wrong)('file %j, environment %j', (file, env) => {
    const found = problems(file, env)
    expect(found.length).toBeGreaterThan(0)
    expect(found.join('\n')).not.toContain('Hush')
    expect(found.join('\n')).not.toContain('4711')
  })
})
