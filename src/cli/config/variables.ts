/** An environment variable, and the option of the configuration that it sets. */
export interface Variable {
  readonly name: string
  /** The option: `redis.url`. */
  readonly path: string
  /** `list`: with commas between. `pem`: a PEM text, or the path of a file that holds it. */
  readonly as: 'text' | 'number' | 'true|false' | 'list' | 'time' | 'pem'
  /** A sentence, for people. */
  readonly text: string
}

const of = (name: string, path: string, as: Variable['as'], text: string): Variable => ({
  name: `MILLRACE_${name}`,
  path,
  as,
  text,
})

function tls(name: string, path: string, server: string): Variable[] {
  return [
    of(`${name}_CA`, `${path}.ca`, 'pem', `The authority that signed the certificate of ${server}.`),
    of(`${name}_CERT`, `${path}.cert`, 'pem', `The certificate that ${server} knows millrace by.`),
    of(`${name}_KEY`, `${path}.key`, 'pem', 'The key of that certificate.'),
    of(
      `${name}_SERVER_NAME`,
      `${path}.serverName`,
      'text',
      `The name in the certificate of ${server}, where it is not its host.`,
    ),
  ]
}

/** Every environment variable that millrace reads. They win over the configuration file; an empty one counts as not set. */
export const VARIABLES: readonly Variable[] = [
  of('DEFS', 'defs', 'text', 'Folder of definitions, seen from where the command is called.'),
  of('CLOCK', 'clock', 'text', "'wall', or 'history' to replay past data."),

  of('REDIS_URL', 'redis.url', 'text', 'Where Redis is: redis://[user:password@]host[:port][/database].'),
  of('REDIS_PREFIX', 'redis.prefix', 'text', 'What every key in Redis begins with.'),
  of('REDIS_SECRET', 'redis.secret', 'text', 'Hides entities in the keys of Redis; it must not change.'),
  ...tls('REDIS_TLS', 'redis.tls', 'Redis'),
  of('REDIS_PATIENCE', 'redis.patience', 'time', 'How long a call waits for a Redis that cannot answer.'),
  of('REDIS_TIMEOUT', 'redis.timeout', 'time', 'After this silence a Redis is taken for lost.'),

  of('KAFKA_BROKERS', 'kafka.brokers', 'list', 'Some brokers of Kafka: kafka-1:9092,kafka-2:9092.'),
  of('KAFKA_CLIENT_ID', 'kafka.clientId', 'text', 'How the brokers see millrace in their logs and quotas.'),
  of(
    'KAFKA_GROUP_PREFIX',
    'kafka.groupPrefix',
    'text',
    'What consumer groups begin with: one for each installation on a Kafka.',
  ),
  of('KAFKA_SSL', 'kafka.ssl', 'true|false', 'Whether Kafka is reached by TLS.'),
  ...tls('KAFKA_SSL', 'kafka.ssl', 'Kafka'),
  of('KAFKA_SASL_MECHANISM', 'kafka.sasl.mechanism', 'text', "'plain', 'scram-sha-256' or 'scram-sha-512'."),
  of('KAFKA_SASL_USERNAME', 'kafka.sasl.username', 'text', 'Who millrace is to Kafka.'),
  of('KAFKA_SASL_PASSWORD', 'kafka.sasl.password', 'text', 'The password of that user.'),
  of('KAFKA_PARTITIONS', 'kafka.partitions', 'number', 'Partitions of topics that millrace makes.'),
  of('KAFKA_SESSION', 'kafka.session', 'time', 'After this silence the partitions of a worker go to others.'),

  of('CLICKHOUSE_URL', 'clickhouse.url', 'text', 'Where ClickHouse is: http://host:8123 or https://host:8443.'),
  of('CLICKHOUSE_USER', 'clickhouse.user', 'text', 'Who millrace is to ClickHouse.'),
  of('CLICKHOUSE_PASSWORD', 'clickhouse.password', 'text', 'The password of that user.'),
  of('CLICKHOUSE_ACCESS_TOKEN', 'clickhouse.accessToken', 'text', 'A bearer token, in place of user and password.'),
  of('CLICKHOUSE_DATABASE', 'clickhouse.database', 'text', 'Of tables whose name says none.'),
  of('CLICKHOUSE_CLUSTER', 'clickhouse.cluster', 'text', 'Tables that millrace makes are made on this cluster.'),
  ...tls('CLICKHOUSE_TLS', 'clickhouse.tls', 'ClickHouse'),
  of('CLICKHOUSE_COMPRESSION_REQUEST', 'clickhouse.compression.request', 'true|false', 'Whether inserts are gzipped.'),
  of(
    'CLICKHOUSE_COMPRESSION_RESPONSE',
    'clickhouse.compression.response',
    'true|false',
    'Whether answers are gzipped.',
  ),
  of('CLICKHOUSE_TIMEOUTS_CONNECT', 'clickhouse.timeouts.connect', 'time', 'Longest wait for a connection.'),
  of('CLICKHOUSE_TIMEOUTS_ANSWER', 'clickhouse.timeouts.answer', 'time', 'Longest silence after a statement.'),
  of('CLICKHOUSE_TIMEOUTS_SCAN', 'clickhouse.timeouts.scan', 'time', 'Longest silence in a scan, which sorts first.'),
  of('CLICKHOUSE_CONNECTIONS', 'clickhouse.connections', 'number', 'Most connections beside those of scans.'),
  of('CLICKHOUSE_IDLE', 'clickhouse.idle', 'time', 'How long a connection is kept unused.'),

  of('STREAM_MAX_BATCH', 'stream.maxBatch', 'number', 'Most events that are carried to the online store at once.'),
  of('STREAM_LINGER', 'stream.linger', 'time', 'How long a batch that is not full waits for more.'),
  of(
    'ARCHIVE_MAX_BATCH',
    'archive.maxBatch',
    'number',
    'Most events of a partition that are inserted into the archive at once.',
  ),
  of('ARCHIVE_LINGER', 'archive.linger', 'time', 'How long an insert that is not full waits for more.'),

  of('HTTP_HOST', 'http.host', 'text', 'The address to listen on; 0.0.0.0 in a container.'),
  of('HTTP_PORT', 'http.port', 'number', 'The port to listen on; 0 for any free one.'),
  of('LOG_LEVEL', 'log.level', 'text', "'debug', 'info', 'warn' or 'error'."),
]

/** Read by docker-compose.yml and by `scripts/services`, not by millrace. */
export const FOREIGN_VARIABLES: ReadonlySet<string> = new Set([
  'MILLRACE_REDIS_MEMORY',
  'MILLRACE_SERVICES_FOLDER',
  'MILLRACE_SERVICES_PORT_OFFSET',
])

/** Read by docker-compose.yml too: alone it does not mean that a server is to be used. */
export const COMPOSE_VARIABLE = 'MILLRACE_CLICKHOUSE_PASSWORD'

/** The variable of an option, or of the option that a longer path is in: `kafka.brokers` of `kafka.brokers[1]`. */
export function variableAt(path: string): Variable | null {
  return VARIABLES.find((one) => one.path === path.replace(/\[\d+\]$/, '')) ?? null
}
