import { DEFAULT_CONNECTIONS, DEFAULT_IDLE_MS, DEFAULT_TIMEOUTS } from '../../stores/archive/http/options.ts'
import { SESSION_MS } from '../../stores/log/kafka/kafka-options.ts'
import type { GivenConfig } from './config-schema.ts'
import type { LoadedClickHouse, LoadedConfig, LoadedKafka, LoadedRedis, LoadedTls } from './loaded-config.ts'

/** How long Redis may be silent: for a call, and for a node. */
const REDIS_PATIENCE_MS = 1_000
const REDIS_TIMEOUT_MS = 5_000

/** Of topics that millrace makes: twelve divides evenly by most numbers of workers. */
const PARTITIONS = 12

/** Fresh before all: what is there is carried at once, and while it is, the next batch grows. */
const STREAM = { maxBatch: 2_500, linger_ms: 0 }

/** ClickHouse makes a part of each insert: few big ones. */
const ARCHIVE = { maxBatch: 10_000, linger_ms: 250 }

type Of<K extends keyof GivenConfig> = NonNullable<GivenConfig[K]>

/** Nothing left open. `given` was checked. */
export function withDefaults(
  given: GivenConfig,
  {
    file,
    defs,
    servers,
  }: { readonly file: string | null; readonly defs: string | undefined; readonly servers: boolean },
): LoadedConfig {
  const { stream, archive } = given
  return {
    file,
    servers,
    defs: defs ?? 'feature-defs',
    clock: given.clock ?? 'wall',
    redis: servers ? redisOf(given.redis!) : null,
    kafka: servers ? kafkaOf(given.kafka!) : null,
    clickhouse: servers ? clickHouseOf(given.clickhouse!) : null,
    stream: { maxBatch: stream?.maxBatch ?? STREAM.maxBatch, linger_ms: stream?.linger ?? STREAM.linger_ms },
    archive: { maxBatch: archive?.maxBatch ?? ARCHIVE.maxBatch, linger_ms: archive?.linger ?? ARCHIVE.linger_ms },
    http: { host: given.http?.host ?? '127.0.0.1', port: given.http?.port ?? 8_080 },
    log: { level: given.log?.level ?? 'info' },
  }
}

function redisOf({ url, prefix, secret, tls, patience, timeout }: Of<'redis'>): LoadedRedis {
  return {
    url: url!,
    prefix: prefix ?? '',
    secret: secret ?? null,
    tls: tlsOf(tls),
    patience_ms: patience ?? REDIS_PATIENCE_MS,
    timeout_ms: timeout ?? REDIS_TIMEOUT_MS,
  }
}

function kafkaOf({ brokers, clientId, groupPrefix, ssl, sasl, partitions, session }: Of<'kafka'>): LoadedKafka {
  return {
    brokers: brokers!,
    clientId: clientId ?? 'millrace',
    groupPrefix: groupPrefix ?? '',
    ssl: tlsOf(ssl),
    sasl: sasl?.mechanism === undefined ? null : (sasl as NonNullable<LoadedKafka['sasl']>),
    partitions: partitions ?? PARTITIONS,
    session_ms: session ?? SESSION_MS,
  }
}

function clickHouseOf(given: Of<'clickhouse'>): LoadedClickHouse {
  const { compression, timeouts } = given
  return {
    url: given.url!,
    user: given.user ?? null,
    password: given.password ?? null,
    accessToken: given.accessToken ?? null,
    database: given.database ?? 'default',
    cluster: given.cluster ?? null,
    tls: tlsOf(given.tls),
    compression: { request: compression?.request ?? false, response: compression?.response ?? false },
    timeouts: {
      connect_ms: timeouts?.connect ?? DEFAULT_TIMEOUTS.connect_ms,
      answer_ms: timeouts?.answer ?? DEFAULT_TIMEOUTS.answer_ms,
      scan_ms: timeouts?.scan ?? DEFAULT_TIMEOUTS.scan_ms,
    },
    connections: given.connections ?? DEFAULT_CONNECTIONS,
    idle_ms: given.idle ?? DEFAULT_IDLE_MS,
    settings: given.settings ?? {},
  }
}

type GivenTls = { readonly [K in keyof LoadedTls]?: string | undefined } | null | undefined

/** What is given of it, and nothing that is undefined: Node takes that for given. */
function tlsOf(given: GivenTls): LoadedTls | null {
  if (given === null || given === undefined) return null
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
