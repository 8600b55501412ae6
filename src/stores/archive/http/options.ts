/** How to reach a ClickHouse server, or the load balancer in front of several. */
export interface ClickHouseOptions {
  /**
   * `http://host:8123` or `https://host:8443`; with a path where a proxy needs one. User and password may stand in it:
   * `https://millrace:secret@host:8443`.
   */
  readonly url: string
  /** Default: the one in `url`, else `default`. */
  readonly user?: string | undefined
  /** Default: the one in `url`, else none. */
  readonly password?: string | undefined
  /** Sent as `Authorization: Bearer`, instead of user and password. */
  readonly accessToken?: string | undefined
  /** Holds the tables whose name says no database; made with the first table. Default: `default`. */
  readonly database?: string | undefined
  /**
   * Name of a cluster in ClickHouse. Tables that millrace makes are then made `ON CLUSTER`, as ReplicatedMergeTree. Tables
   * that are there, Distributed or Replicated, are read and written as they are, with this or without it.
   */
  readonly cluster?: string | undefined
  /** For `https:`. Without it, the authorities that Node knows are trusted. */
  readonly tls?: ClickHouseTls | undefined
  /** Gzip, for slow networks: it costs a core more than a local network does. Default: neither way. */
  readonly compression?: { readonly request?: boolean | undefined; readonly response?: boolean | undefined } | undefined
  readonly timeouts?: Partial<ClickHouseTimeouts> | undefined
  /** Most connections for inserts, commands and short queries; each scan has one of its own. Default: 10. */
  readonly connections?: number | undefined
  /** How long a connection is kept unused. Keep it a second below the server's `keep_alive_timeout`. Default: 2,500. */
  readonly idle_ms?: number | undefined
  /**
   * Settings of ClickHouse for every statement, such as `insert_quorum` or `max_memory_usage`. Those that exactness rests on
   * cannot be changed; `insert_deduplicate` is 0 unless it is given here.
   */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** PEM texts. */
export interface ClickHouseTls {
  /** The authority, or authorities, that signed the server's certificate. */
  readonly ca?: string | undefined
  /** This client's own certificate and key, where the server asks for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name in the server's certificate, where it is not the host of `url`. */
  readonly serverName?: string | undefined
}

/** Longest waits, in milliseconds. */
export interface ClickHouseTimeouts {
  /** For a connection. Default: 10,000. */
  readonly connect_ms: number
  /** For an answer to an insert, a command or a short query, and between two pieces of it. Default: 300,000. */
  readonly answer_ms: number
  /** The same for a scan, which answers nothing before it has sorted. Default: 3,600,000. */
  readonly scan_ms: number
}

export const DEFAULT_TIMEOUTS: ClickHouseTimeouts = { connect_ms: 10_000, answer_ms: 300_000, scan_ms: 3_600_000 }

/** Enough for every archiver and command of a process at once. */
export const DEFAULT_CONNECTIONS = 10

/** Below the shortest that servers had by default, 3 s: a connection is gone here before it is there. */
export const DEFAULT_IDLE_MS = 2_500
