/** A span of time: a whole number with its unit, as `'250ms'`, `'10s'`, `'5m'`. */
export type Span = `${bigint}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** For TLS. Each is a PEM text, or the path of a file that holds it, seen from the configuration file. */
export interface TlsConfig {
  /** The authority, or authorities, that signed the server's certificate. Default: those that Node knows. */
  readonly ca?: string | undefined
  /** This client's own certificate and key, where the server asks for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name in the server's certificate, where it is not the host that is called. */
  readonly serverName?: string | undefined
}

/** The online store. */
export interface RedisConfig {
  /**
   * `redis://[user:password@]host[:port][/database]`, `redis+cluster://a,b:7001`, `redis+sentinel://a,b/master`; `rediss` for
   * TLS.
   */
  readonly url?: string | undefined
  /** What every key begins with, to share a Redis with others. Default: nothing. */
  readonly prefix?: string | undefined
  /** Keeps entities out of Redis's keys, under a hash with this secret. It must not change while there are timelines. */
  readonly secret?: string | undefined
  /** More for `rediss`. */
  readonly tls?: TlsConfig | undefined
  /** How long a call waits for nodes that cannot answer, as in a fail-over, before it fails. Default: `'1s'`. */
  readonly patience?: Span | undefined
  /** A node that says nothing for so long is taken for lost. Default: `'5s'`. */
  readonly timeout?: Span | undefined
}

/** The log. */
export interface KafkaConfig {
  /** Some brokers of the cluster, each `host:port`: the rest is learned from them. */
  readonly brokers?: readonly string[] | undefined
  /** How the brokers see millrace in their logs and quotas. Default: `'millrace'`. */
  readonly clientId?: string | undefined
  /**
   * What the names of consumer groups begin with. Installations that share a Kafka and its topics, each with a Redis and a ClickHouse of
   * its own, need one each, or they share the events instead of each getting all. Default: nothing.
   */
  readonly groupPrefix?: string | undefined
  /** TLS: `true`, or what it needs beyond. Default: none. */
  readonly ssl?: boolean | TlsConfig | undefined
  /** Who millrace is. Default: nobody. */
  readonly sasl?:
    | {
        readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined
        readonly username?: string | undefined
        readonly password?: string | undefined
      }
    | undefined
  /** Of topics that millrace makes; those that are there keep theirs. It is the most workers that can share a source. Default: 12. */
  readonly partitions?: number | undefined
  /** After this long without a sign a worker's partitions go to others. Brokers allow `'6s'` or more by default. Default: `'10s'`. */
  readonly session?: Span | undefined
}

/** The archive. */
export interface ClickHouseConfig {
  /** `http://host:8123` or `https://host:8443`; user and password may stand in it, a proxy's path too. */
  readonly url?: string | undefined
  /** Default: the one in `url`, else `default`. */
  readonly user?: string | undefined
  /** Default: the one in `url`, else none. */
  readonly password?: string | undefined
  /** Sent as a bearer token, in place of user and password. */
  readonly accessToken?: string | undefined
  /** Holds the tables whose name says no database; made with the first table. Default: `'default'`. */
  readonly database?: string | undefined
  /** Name of a cluster in ClickHouse: tables that millrace makes are made `ON CLUSTER`. Default: none. */
  readonly cluster?: string | undefined
  /** More for `https`. */
  readonly tls?: TlsConfig | undefined
  /** Gzip, for slow networks. Default: neither way. */
  readonly compression?: { readonly request?: boolean | undefined; readonly response?: boolean | undefined } | undefined
  /** The longest silences while millrace waits. Default: `connect: '10s'`, `answer: '5m'`, `scan: '1h'`. */
  readonly timeouts?:
    | { readonly connect?: Span | undefined; readonly answer?: Span | undefined; readonly scan?: Span | undefined }
    | undefined
  /** Most connections for inserts, commands and short queries; each scan has one of its own. Default: 10. */
  readonly connections?: number | undefined
  /** How long a connection is kept unused: a second below the server's `keep_alive_timeout`. Default: `'2500ms'`. */
  readonly idle?: Span | undefined
  /** Settings of ClickHouse for every statement, such as `insert_quorum`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** How messages are put together to batches. */
export interface BatchConfig {
  /** Most events in a batch. */
  readonly maxBatch?: number | undefined
  /** How long a batch that is not full waits for more. */
  readonly linger?: Span | undefined
}

/**
 * What `millrace.config.ts` says. Everything may be left out, and environment variables win over it. With `redis`, `kafka` and
 * `clickhouse` the processes use these servers; without all three they use the embedded stores.
 */
export interface Config {
  /** Folder of definitions, seen from this file. Default: `'feature-defs'`. */
  readonly defs?: string | undefined
  /** `'wall'`, or `'history'` to replay past data: nothing expires, and now is the newest event. Default: `'wall'`. */
  readonly clock?: 'wall' | 'history' | undefined
  readonly redis?: RedisConfig | undefined
  readonly kafka?: KafkaConfig | undefined
  readonly clickhouse?: ClickHouseConfig | undefined
  /** Log -> online store. Default: `maxBatch: 2500`, `linger: '0ms'`: fresh before all. */
  readonly stream?: BatchConfig | undefined
  /** Log -> archive. Default: `maxBatch: 10000`, `linger: '250ms'`: ClickHouse likes few big inserts. */
  readonly archive?: BatchConfig | undefined
  /** Where a process listens: the API of `serve`, health and metrics of all. Default: 127.0.0.1:8080; port 0: any free one. */
  readonly http?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined
  readonly log?: { readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined } | undefined
}

/**
 * Gives a configuration its types. In `millrace.config.ts`:
 *
 *     export default defineConfig({ redis: { url: 'redis://127.0.0.1:6379' } })
 */
export function defineConfig(config: Config): Config {
  return config
}
