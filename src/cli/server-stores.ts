import { openClickHouseArchive } from '../stores/archive/http/archive.ts'
import { ArchiveError, type EventArchive } from '../stores/event-archive.ts'
import { KafkaEventLog } from '../stores/log/kafka/kafka.ts'
import { RedisStoreError } from '../stores/online/redis/redis-error.ts'
import { openRedisOnlineStore, type RedisOnlineStore } from '../stores/online/redis/redis-online-store.ts'
import { CommandError } from './command-error.ts'
import type { LoadedConfig, LoadedTls } from './config/loaded-config.ts'
import { hidden } from './config/shown-value.ts'
import { EXIT } from './exit-code.ts'
import { ServerError } from './server-error.ts'

/** Opens the online store of a configuration: Redis. Throws a ServerError, or a CommandError where none is configured. */
export async function openServerStore({ redis }: LoadedConfig): Promise<RedisOnlineStore> {
  if (redis === null) throw notConfigured('redis.url', 'MILLRACE_REDIS_URL')
  const { url, prefix, secret, tls, patience_ms, timeout_ms } = redis
  try {
    return await openRedisOnlineStore({
      url,
      prefix,
      ...(secret !== null && { secret }),
      ...(tls !== null && { tls: forNode(tls) }),
      patience_ms,
      timeout_ms,
      now: Date.now,
    })
  } catch (error) {
    const away = error instanceof RedisStoreError && error.retryable
    throw failure('REDIS', `Redis at ${hidden(url)}`, 'MILLRACE_REDIS_URL', away, error)
  }
}

/**
 * Opens the log of a configuration: Kafka. It is one consumer: whoever reads in two places opens two. Throws a ServerError where
 * no broker answers, or a CommandError where none is configured.
 */
export async function openServerLog({ kafka }: LoadedConfig): Promise<KafkaEventLog> {
  if (kafka === null) throw notConfigured('kafka.brokers', 'MILLRACE_KAFKA_BROKERS')
  const { brokers, clientId, ssl, sasl, session_ms } = kafka
  const log = new KafkaEventLog({
    brokers,
    clientId,
    ...(ssl !== null && { ssl: forNode(ssl) }),
    ...(sasl !== null && { sasl }),
    session_ms,
    now: Date.now,
  })
  try {
    // Nothing is connected before it is needed: a wrong address is told here.
    await log.topics()
    return log
  } catch (error) {
    await log.close().catch(() => {})
    const refused = /SASL|certificate|TLS|SSL/i.test((error as Error).message)
    throw failure('KAFKA', `Kafka at ${brokers.join(', ')}`, 'MILLRACE_KAFKA_BROKERS', !refused, error)
  }
}

/** Opens the archive of a configuration: ClickHouse. Throws a ServerError, or a CommandError where none is configured. */
export async function openServerArchive({ clickhouse }: LoadedConfig): Promise<EventArchive> {
  if (clickhouse === null) throw notConfigured('clickhouse.url', 'MILLRACE_CLICKHOUSE_URL')
  const { user, password, accessToken, cluster, tls, ...plain } = clickhouse
  try {
    return await openClickHouseArchive({
      ...plain,
      user: user ?? undefined,
      password: password ?? undefined,
      accessToken: accessToken ?? undefined,
      cluster: cluster ?? undefined,
      tls: tls ?? undefined,
    })
  } catch (error) {
    const away = error instanceof ArchiveError && error.retryable
    throw failure('CLICKHOUSE', `ClickHouse at ${hidden(clickhouse.url)}`, 'MILLRACE_CLICKHOUSE_URL', away, error)
  }
}

/** As `tls.connect` calls it. */
function forNode({ serverName, ...pem }: LoadedTls): { servername?: string; ca?: string; cert?: string; key?: string } {
  return serverName === undefined ? pem : { ...pem, servername: serverName }
}

function notConfigured(path: string, variable: string): CommandError {
  return new CommandError('SERVER_NOT_CONFIGURED', `${path} is missing`, {
    cure: `give it in millrace.config.ts, or set ${variable}`,
    exitCode: EXIT.usage,
  })
}

function failure(code: string, server: string, variable: string, away: boolean, cause: unknown): ServerError {
  const [suffix, what] = away ? ['UNREACHABLE', 'cannot be reached'] : ['REFUSED', 'cannot be used']
  const cure = away ? `start it, or set ${variable}` : `correct what it names, or set ${variable}`
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ServerError(`${code}_${suffix}`, `${server} ${what}: ${hidden(why)}`, { cure, retryable: away, cause })
}
