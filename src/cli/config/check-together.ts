import { parseRedisUrl } from '../../stores/online/redis/redis-url.ts'
import type { GivenConfig } from './config-schema.ts'
import { COMPOSE_VARIABLE, VARIABLES } from './variables.ts'

/** The options that say where a server is: without it, there is none. */
export const SERVERS = ['redis.url', 'kafka.brokers', 'clickhouse.url'] as const

/** What is said of options, whether or not it is right. */
export interface Given {
  /** Whether the file or the environment gives it. */
  has(path: string): boolean
  /** Where it is given, as messages call it: the variable, else the option in the file. */
  where(path: string): string
  /** The same for one that is missing: how to give it. */
  howToGive(path: string): string
}

/** What is wrong about options beside one another, as sentences. `config` has those that are right by themselves. */
export function togetherProblems(config: GivenConfig, given: Given): string[] {
  return [
    ...serverProblems(given),
    ...saslProblems(given),
    ...tlsProblems(config, given),
    ...loginProblems(config, given),
  ]
}

function serverProblems({ has, where, howToGive }: Given): string[] {
  const first = VARIABLES.find(
    ({ path }) => /^(redis|kafka|clickhouse)\./.test(path) && has(path) && where(path) !== COMPOSE_VARIABLE,
  )
  if (first === undefined) return []
  const cause = SERVERS.find(has) ?? first.path
  return SERVERS.filter((path) => !has(path)).map(
    (path) =>
      `${path} is missing: Redis, Kafka and ClickHouse are used together, and ${where(cause)} is given; ${howToGive(path)}`,
  )
}

function saslProblems({ has, where, howToGive }: Given): string[] {
  const paths = ['kafka.sasl.mechanism', 'kafka.sasl.username', 'kafka.sasl.password']
  const there = paths.find(has)
  if (there === undefined) return []
  return paths
    .filter((path) => !has(path))
    .map((path) => `${path} is missing: ${where(there)} is given; ${howToGive(path)}`)
}

function tlsProblems({ redis, clickhouse }: GivenConfig, { has, where, howToGive }: Given): string[] {
  const problems: string[] = []
  for (const path of ['redis.tls', 'kafka.ssl', 'clickhouse.tls']) {
    const [cert, key] = [`${path}.cert`, `${path}.key`]
    if (has(cert) && !has(key)) problems.push(`${key} is missing: ${where(cert)} is given; ${howToGive(key)}`)
    if (has(key) && !has(cert)) problems.push(`${cert} is missing: ${where(key)} is given; ${howToGive(cert)}`)
  }
  if (redis?.url !== undefined && has('redis.tls') && !parseRedisUrl(redis.url).tls) {
    problems.push(`${where('redis.tls')} is given, and ${where('redis.url')} is not encrypted; write rediss:// in it`)
  }
  if (clickhouse?.url?.startsWith('http:') && has('clickhouse.tls')) {
    problems.push(
      `${where('clickhouse.tls')} is given, and ${where('clickhouse.url')} is not encrypted; write https:// in it`,
    )
  }
  return problems
}

function loginProblems({ clickhouse }: GivenConfig, { has, where }: Given): string[] {
  if (!has('clickhouse.accessToken')) return []
  const inUrl = clickhouse?.url !== undefined && /\/\/[^/]*@/.test(clickhouse.url)
  const other = ['clickhouse.user', 'clickhouse.password'].find(has) ?? (inUrl ? 'clickhouse.url' : null)
  if (other === null) return []
  const says = other === 'clickhouse.url' ? 'says a user' : 'is given'
  return [
    `${where('clickhouse.accessToken')} is given, and ${where(other)} ${says}; it takes the place of user and password: leave one out`,
  ]
}
