import type { ClockMode } from '../../features/clock.ts'

/** PEM texts. */
export interface LoadedTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

export interface LoadedRedis {
  readonly url: string
  readonly prefix: string
  readonly secret: string | null
  readonly tls: LoadedTls | null
  readonly patience_ms: number
  readonly timeout_ms: number
}

export interface LoadedKafka {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly groupPrefix: string
  /** Null: no TLS. */
  readonly ssl: LoadedTls | null
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  } | null
  readonly partitions: number
  readonly session_ms: number
}

export interface LoadedClickHouse {
  readonly url: string
  readonly user: string | null
  readonly password: string | null
  readonly accessToken: string | null
  readonly database: string
  readonly cluster: string | null
  readonly tls: LoadedTls | null
  readonly compression: { readonly request: boolean; readonly response: boolean }
  readonly timeouts: { readonly connect_ms: number; readonly answer_ms: number; readonly scan_ms: number }
  readonly connections: number
  readonly idle_ms: number
  readonly settings: Readonly<Record<string, string | number | boolean>>
}

export interface LoadedBatch {
  readonly maxBatch: number
  readonly linger_ms: number
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A configuration with nothing left open: the file, environment variables over it, defaults below. */
export interface LoadedConfig {
  /** The configuration file that was read, as messages name it; null: there is none. */
  readonly file: string | null
  /** Whether Redis, Kafka and ClickHouse are used: all three, or none. */
  readonly servers: boolean
  /** Folder of definitions. */
  readonly defs: string
  readonly clock: ClockMode
  readonly redis: LoadedRedis | null
  readonly kafka: LoadedKafka | null
  readonly clickhouse: LoadedClickHouse | null
  readonly stream: LoadedBatch
  readonly archive: LoadedBatch
  readonly http: { readonly host: string; readonly port: number }
  readonly log: { readonly level: LogLevel }
}
