import { openClickHouseArchive } from '../stores/archive/http/archive.ts'
import { ArchiveError, type EventArchive } from '../stores/event-archive.ts'
import { KafkaEventLog } from '../stores/log/kafka/kafka.ts'
import { RedisStoreError } from '../stores/online/redis/redis-error.ts'
import { openRedisOnlineStore, type RedisOnlineStore } from '../stores/online/redis/redis-online-store.ts'
import { CommandError } from './command-error.ts'
import type { LoadedConfig, LoadedTls } from './config/loaded-config.ts'
import { hidden } from './config/shown-value.ts'
import { variableAt } from './config/variables.ts'
import { EXIT } from './exit-code.ts'
import { ServerError } from './server-error.ts'

/** Opens the online store of a configuration: Redis. Throws a ServerError, or a CommandError where none is configured. */
export async function openServerStore({ redis }: LoadedConfig): Promise<RedisOnlineStore> {
  if (redis === null) throw notConfigured('redis.url')
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
    // Most of its errors name the node that they are about: behind sentinels, say, not the one of the URL.
    const why = / at \S+:\d+ /.test((error as Error).message) ? '' : `Redis at ${hidden(url)}: `
    // Its owner corrects a policy while it runs: what runs already waits for that, and so does what begins.
    const passes = away || (error instanceof RedisStoreError && error.code === 'EVICTION_POLICY')
    throw failure('REDIS', `the online store cannot be opened: ${why}`, 'redis.url', away, error, passes)
  }
}

/**
 * Opens the log of a configuration: Kafka. It is one consumer: whoever reads in two places opens two. Throws a ServerError where
 * no broker answers, or a CommandError where none is configured.
 */
export async function openServerLog({ kafka }: LoadedConfig): Promise<KafkaEventLog> {
  if (kafka === null) throw notConfigured('kafka.brokers')
  const { brokers, clientId, groupPrefix, ssl, sasl, session_ms } = kafka
  const log = new KafkaEventLog({
    brokers,
    clientId,
    groupPrefix,
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
    // A wrong password or certificate stays wrong; all else of Kafka may pass.
    const refused = /SASL|certificate/i.test((error as Error).message)
    const why = `the log cannot be opened: Kafka at ${brokers.join(', ')}: `
    throw failure('KAFKA', why, 'kafka.brokers', !refused, error)
  }
}

/** Opens the archive of a configuration: ClickHouse. Throws a ServerError, or a CommandError where none is configured. */
export async function openServerArchive({ clickhouse }: LoadedConfig): Promise<EventArchive> {
  if (clickhouse === null) throw notConfigured('clickhouse.url')
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
    // It says what could not be opened, and where.
    throw failure('CLICKHOUSE', '', 'clickhouse.url', away, error)
  }
}

/** As `tls.connect` calls it. */
function forNode({ serverName, ...pem }: LoadedTls): { servername?: string; ca?: string; cert?: string; key?: string } {
  return serverName === undefined ? pem : { ...pem, servername: serverName }
}

function notConfigured(path: string): CommandError {
  return new CommandError('SERVER_NOT_CONFIGURED', `${path} is missing`, {
    cure: `give it in millrace.config.ts, or set ${variableAt(path)!.name}`,
    exitCode: EXIT.usage,
  })
}

/** `away`: the server does not answer, which may pass; else it, or the configuration, is wrong. `passes`: it is worth waiting for. */
function failure(
  code: string,
  before: string,
  path: string,
  away: boolean,
  cause: unknown,
  passes: boolean = away,
): ServerError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const option = `${path} (${variableAt(path)!.name})`
  return new ServerError(`${code}_${away ? 'UNREACHABLE' : 'REFUSED'}`, before + hidden(why), {
    cure: `${away ? 'start it' : 'correct it there'}, or correct ${option}`,
    retryable: passes,
    cause,
  })
}
