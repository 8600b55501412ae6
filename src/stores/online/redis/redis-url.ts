import type { Address } from './connection.ts'
import { RedisStoreError } from './redis-error.ts'

/** Where Redis is, as its URL says. */
export interface RedisPlace {
  readonly kind: 'single' | 'cluster' | 'sentinel'
  /** Of the servers, of some nodes of the cluster, or of the sentinels. */
  readonly addresses: readonly Address[]
  readonly tls: boolean
  readonly user: string | null
  readonly password: string | null
  readonly database: number
  /** What the sentinels call the master; null: no sentinels. */
  readonly master: string | null
}

const REDIS_PORT = 6_379
const SENTINEL_PORT = 26_379

const URL_FORM = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^@]*)@)?([^@/?]+)(\/[^?]*)?(\?.*)?$/
const HOST_FORM = /^(\[[0-9a-fA-F:.]+\]|[^\s:,[\]]+)(?::(\d{1,5}))?$/

/**
 * Reads a URL: `redis://[user:password@]host[:port][/database]`, `redis+cluster://a,b:7001` (or `?cluster=1`), and
 * `redis+sentinel://a,b/master[/database]`; `rediss` for TLS. User and password are percent-encoded. Throws a RedisStoreError,
 * which does not tell the password.
 */
export function parseRedisUrl(url: string): RedisPlace {
  const form = URL_FORM.exec(url.trim())
  if (form === null) throw wrong('its form is redis://[user:password@]host[:port][/database], rediss:// for TLS')
  const [, scheme, mode, login, hosts, path = '', query = ''] = form
  const cluster = clusterAsked(query) || mode === 'cluster'
  if (cluster && mode === 'sentinel') throw wrong('it asks for a cluster and for sentinels: leave one out')
  const kind = cluster ? 'cluster' : mode === 'sentinel' ? 'sentinel' : 'single'
  const addresses = hosts!.split(',').map((host) => addressOf(host, kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT))
  if (kind === 'single' && addresses.length > 1) {
    throw wrong('it has several hosts: write redis+cluster:// or redis+sentinel://')
  }
  const [first = '', second = '', ...rest] = path.split('/').slice(1)
  const [master, database] = kind === 'sentinel' ? [decoded('the master', first), second] : [null, first]
  if (master === '') throw wrong("it lacks the master's name: redis+sentinel://host/name")
  if (rest.length > 0 || (kind !== 'sentinel' && second !== '')) throw wrong('its path has too many parts')
  if (!/^\d{0,4}$/.test(database)) throw wrong('its database is no number')
  if (kind === 'cluster' && Number(database) !== 0) throw wrong('a Redis cluster has database 0 only')
  return { kind, addresses, tls: scheme === 'rediss', ...loginOf(login), database: Number(database), master }
}

function clusterAsked(query: string): boolean {
  let asked = false
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== 'cluster' || (value !== '1' && value !== '0')) throw wrong('behind its ? only cluster=1 is known')
    asked = value === '1'
  }
  return asked
}

function loginOf(login: string | undefined): { user: string | null; password: string | null } {
  if (login === undefined) return { user: null, password: null }
  const colon = login.indexOf(':')
  if (colon < 0) throw wrong('it has a user but no password: write user:password@ or :password@')
  const user = decoded('the user', login.slice(0, colon))
  return { user: user === '' ? null : user, password: decoded('the password', login.slice(colon + 1)) }
}

function addressOf(text: string, portElse: number): Address {
  const form = HOST_FORM.exec(text)
  const port = Number(form?.[2] ?? portElse)
  if (form === null || port < 1 || port > 65_535)
    throw wrong('one of its hosts is not host:port with a port of 1 to 65535')
  const host = form[1]!
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port }
}

function decoded(what: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong(`${what} in it is not percent-encoded as it should be: write % as %25`)
  }
}

function wrong(what: string): RedisStoreError {
  return new RedisStoreError('URL', `the URL of Redis cannot be used: ${what}`)
}
