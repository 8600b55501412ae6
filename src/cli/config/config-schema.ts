import { z } from 'zod'
import { PARTITIONS_MAX } from '../../stores/log/log-check.ts'
import { KeyNames } from '../../stores/online/redis/key-names.ts'
import { parseRedisUrl } from '../../stores/online/redis/redis-url.ts'
import { formatDuration } from '../../timeline/duration.ts'
import { parseSpan } from './span.ts'

/*
 * Every option has one message, which follows its name and value: what the value is not; what to give. Options that belong
 * together are checked in check-together.ts.
 */

/** More events than this in a batch hold up everything else of the process. */
const BATCH_EVENTS_MAX = 100_000

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The options that each object has, by its path: what a mistyped one is compared with. */
const known = new Map<string, readonly string[]>()

/** The names of the options at a path: of `redis.tls`, say. The whole is at `''`. */
export function optionsAt(path: string): readonly string[] {
  return known.get(path) ?? []
}

function leaf<T>(holds: (value: unknown) => boolean, message: string) {
  return z.custom<T>(holds, { error: message }).optional()
}

const NO_OBJECT = 'is not an object; write its options between { and }'

function section<T extends z.ZodRawShape>(path: string, shape: T, message = NO_OBJECT) {
  known.set(path, Object.keys(shape))
  return z.strictObject(shape, { error: ({ code }) => (code === 'invalid_type' ? message : undefined) }).optional()
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const text = leaf<string>(isText, 'is not a text; give one that is not empty')
const flag = leaf<boolean>((value) => typeof value === 'boolean', 'is neither true nor false; give one of them')

function whole(min: number, max: number) {
  const holds = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
  return leaf<number>(holds, `is not a whole number from ${min} to ${max}; give one`)
}

function oneOf<const T extends string>(...values: readonly T[]) {
  const listed = `${values
    .slice(0, -1)
    .map((value) => `'${value}'`)
    .join(', ')} or '${values.at(-1)}'`
  return leaf<T>((value) => values.includes(value as T), `is not known; give ${listed}`)
}

/** A span between two others, in milliseconds. */
function span(min_ms: number, max_ms: number) {
  const holds = (value: unknown) => {
    const ms = typeof value === 'string' ? parseSpan(value) : null
    return ms !== null && ms >= min_ms && ms <= max_ms
  }
  const limits = `from ${formatDuration(min_ms)} to ${formatDuration(max_ms)}`
  return z
    .custom<string>(holds, { error: `is not a time ${limits}; write a whole number of ms, s, m, h or d, as '250ms'` })
    .transform((value) => parseSpan(value)!)
    .optional()
}

function pem(what: string) {
  return leaf<string>(isText, `is not ${what}; give it in PEM, or the path of a file that holds it`)
}

const tlsShape = { ca: pem('an authority'), cert: pem('a certificate'), key: pem('a key'), serverName: text }
const tls = (path: string) => section(path, tlsShape)

const redisUrl = z
  .custom<string>(isText, { error: 'is not a URL; write redis://[user:password@]host[:port][/database]' })
  .superRefine((url, context) => {
    try {
      parseRedisUrl(url)
    } catch (error) {
      const why = (error as Error).message.replace('the URL of Redis cannot be used: ', '')
      context.addIssue({ code: 'custom', message: `cannot be used: ${why}` })
    }
  })
  .optional()

/** Whether the store in Redis takes this prefix and secret. */
function isKeyName(prefix: string, secret: string | null): boolean {
  try {
    new KeyNames(prefix, secret)
    return true
  } catch {
    return false
  }
}

const isHttpUrl = (value: unknown): boolean => {
  if (!isText(value) || !URL.canParse(value)) return false
  const { protocol, search, hash } = new URL(value)
  return (protocol === 'http:' || protocol === 'https:') && search === '' && hash === ''
}

const BROKER = /^(\[[0-9a-fA-F:.]+\]|[^\s:,[\]/@]+):(\d{1,5})$/
const isBroker = (value: unknown): boolean => {
  const port = typeof value === 'string' ? Number(BROKER.exec(value)?.[2]) : Number.NaN
  return port >= 1 && port <= 65_535
}

const isSettings = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(
    ([name, one]) => /^[a-z]\w*$/i.test(name) && ['string', 'number', 'boolean'].includes(typeof one),
  )

const batch = (path: string) => section(path, { maxBatch: whole(1, BATCH_EVENTS_MAX), linger: span(0, MINUTE_MS) })

const redis = section('redis', {
  url: redisUrl,
  prefix: leaf<string>(
    (value) => typeof value === 'string' && isKeyName(value, null),
    'is not a prefix of keys; give at most 100 of A-Z a-z 0-9 : . _ / -',
  ),
  secret: leaf<string>(
    (value) => typeof value === 'string' && isKeyName('', value),
    'is not a secret; give a text of at least 16 bytes, made by chance',
  ),
  tls: tls('redis.tls'),
  patience: span(0, 10 * MINUTE_MS),
  timeout: span(1, 10 * MINUTE_MS),
})

const kafka = section('kafka', {
  brokers: z
    .array(leaf<string>(isBroker, 'is not host:port; write each broker as kafka-1:9092').unwrap(), {
      error: "is not a list; write [ 'kafka-1:9092', ... ]",
    })
    .min(1, { error: "has no broker; write [ 'kafka-1:9092', ... ]" })
    .optional(),
  clientId: text,
  groupPrefix: leaf<string>(
    (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,100}$/.test(value),
    'is not the beginning of a group name; give at most 100 of A-Z a-z 0-9 . _ -',
  ),
  // `true` is TLS and no more, `false` is none.
  ssl: z.preprocess(
    (value) => (value === true ? {} : value === false ? null : value),
    section('kafka.ssl', tlsShape, 'is neither true, false nor an object; give one of them')
      .unwrap()
      .nullable()
      .optional(),
  ),
  sasl: section('kafka.sasl', {
    mechanism: oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
    username: text,
    password: text,
  }),
  partitions: whole(1, PARTITIONS_MAX),
  session: span(1_000, 30 * MINUTE_MS),
})

const clickhouse = section('clickhouse', {
  url: leaf<string>(isHttpUrl, 'is not the URL of a ClickHouse; write http://host:8123 or https://host:8443'),
  user: leaf<string>(
    (value) => isText(value) && !value.includes(':'),
    'is not a user; give a name without a colon, which cannot be sent',
  ),
  password: leaf<string>((value) => typeof value === 'string', 'is not a text; give one'),
  accessToken: text,
  database: text,
  cluster: text,
  tls: tls('clickhouse.tls'),
  compression: section('clickhouse.compression', { request: flag, response: flag }),
  timeouts: section('clickhouse.timeouts', {
    connect: span(1, HOUR_MS),
    answer: span(1, DAY_MS),
    scan: span(1, DAY_MS),
  }),
  connections: whole(1, 1_000),
  idle: span(1, HOUR_MS),
  settings: leaf<Readonly<Record<string, string | number | boolean>>>(
    isSettings,
    'are not settings; write { name: value }, each a text, a number, true or false',
  ),
})

/** What a configuration file and the environment may say, each alone. */
export const CONFIG = section('', {
  defs: text,
  clock: oneOf('wall', 'history'),
  redis,
  kafka,
  clickhouse,
  stream: batch('stream'),
  archive: batch('archive'),
  http: section('http', {
    host: text,
    port: leaf<number>(
      (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
      'is not a port; give a whole number from 0 (any free one) to 65535',
    ),
  }),
  log: section('log', { level: oneOf('debug', 'info', 'warn', 'error') }),
}).unwrap()

/** What was given, with spans in milliseconds. */
export type GivenConfig = z.output<typeof CONFIG>
