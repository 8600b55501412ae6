import type { ConnectionOptions } from 'node:tls'
import type { SASLOptions } from 'kafkajs'

export interface KafkaOptions {
  /** Some brokers of the cluster, `host:port`: the rest is learned from them. */
  readonly brokers: readonly string[]
  /** How the brokers see us in their logs and quotas. */
  readonly clientId?: string
  /** What the names of consumer groups begin with in Kafka, where others of us use the same cluster. Default: nothing. */
  readonly groupPrefix?: string
  /** TLS: `true`, or what `tls.connect` takes (`ca`, `cert`, `key`, ...). Default: none. */
  readonly ssl?: boolean | ConnectionOptions
  /** Who we are: `scram-sha-256`, `scram-sha-512`, `plain`, ... Default: nobody. */
  readonly sasl?: SASLOptions
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** After this long without a heartbeat a worker's partitions go to others. The broker has a smallest (6 s by default). */
  readonly session_ms?: number
  /** How often topics are looked at for new partitions. */
  readonly metadata_ms?: number
  /** How long an `append` is tried while brokers are away, before it fails. */
  readonly delivery_ms?: number
}

/** As long as Kafka's own clients wait for a connection that is set up through a busy network. */
export const CONNECTION_MS = 5_000

/** A broker that does not answer within this time is taken for lost; longer than any wait we ask it for. */
export const REQUEST_MS = 10_000

export const SESSION_MS = 10_000
export const METADATA_MS = 30_000
export const DELIVERY_MS = 30_000

/** How long an operation (not an append) is tried again while leaders move, before it fails. */
export const RETRY_MS = 10_000
