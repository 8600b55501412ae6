import { ArchiveError } from '../../event-archive.ts'
import {
  type ClickHouseOptions,
  type ClickHouseTimeouts,
  type ClickHouseTls,
  DEFAULT_CONNECTIONS,
  DEFAULT_IDLE_MS,
  DEFAULT_TIMEOUTS,
} from './options.ts'

/** Checked options, with nothing left open. */
export interface ClickHouseTarget {
  /** Scheme, host and port. */
  readonly url: URL
  /** Path at a proxy, or nothing. */
  readonly path: string
  /** As errors name it: without user and password. */
  readonly address: string
  readonly auth: { readonly username: string; readonly password: string } | { readonly access_token: string }
  readonly database: string
  readonly cluster: string | null
  readonly tls: ClickHouseTls
  readonly compression: { readonly request: boolean; readonly response: boolean }
  readonly timeouts: ClickHouseTimeouts
  readonly connections: number
  readonly idle_ms: number
  readonly settings: Readonly<Record<string, string | number | boolean>>
}

/** Checks options; throws ArchiveError that names the option, its value unless it is secret, and the cure. */
export function clickHouseTarget(options: ClickHouseOptions): ClickHouseTarget {
  const given = readUrl(options.url)
  const path = given.pathname === '/' ? '' : given.pathname.replace(/\/$/, '')
  const url = new URL(given.origin)
  const { tls = {}, compression = {}, timeouts = {} } = options
  if (url.protocol === 'http:' && options.tls !== undefined) {
    throw refused('tls', null, `${url.origin} is not encrypted: write https:// in url, or leave tls out`)
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw refused('tls', null, 'a certificate of this client needs its key: give both cert and key, or neither')
  }
  return {
    url,
    path,
    address: url.origin + path,
    auth: readAuth(options, given),
    database: named('database', options.database ?? 'default'),
    cluster: options.cluster === undefined ? null : named('cluster', options.cluster),
    tls,
    compression: { request: compression.request ?? false, response: compression.response ?? false },
    timeouts: {
      connect_ms: positive('timeouts.connect_ms', timeouts.connect_ms ?? DEFAULT_TIMEOUTS.connect_ms),
      answer_ms: positive('timeouts.answer_ms', timeouts.answer_ms ?? DEFAULT_TIMEOUTS.answer_ms),
      scan_ms: positive('timeouts.scan_ms', timeouts.scan_ms ?? DEFAULT_TIMEOUTS.scan_ms),
    },
    connections: positive('connections', options.connections ?? DEFAULT_CONNECTIONS),
    idle_ms: positive('idle_ms', options.idle_ms ?? DEFAULT_IDLE_MS),
    settings: readSettings(options.settings ?? {}),
  }
}

function readUrl(text: string): URL {
  const shape = 'write it as http://host:8123 or https://host:8443'
  let url: URL
  try {
    url = new URL(text)
    decodeURIComponent(url.username + url.password)
  } catch {
    // It may hold a password, so that it is not repeated.
    throw refused('url', null, `it is no URL: ${shape}`)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused('url', `${url.protocol}//${url.host}`, `it must begin with http:// or https://: ${shape}`)
  }
  if (url.search !== '' || url.hash !== '') {
    const cure = 'what stands behind ? or # belongs into the options database and settings'
    throw refused('url', `${url.origin}${url.pathname}`, cure)
  }
  return url
}

function readAuth(options: ClickHouseOptions, url: URL): ClickHouseTarget['auth'] {
  const username = options.user ?? decodeURIComponent(url.username)
  const password = options.password ?? decodeURIComponent(url.password)
  if (options.accessToken !== undefined) {
    if (username === '' && password === '') return { access_token: options.accessToken }
    throw refused('accessToken', null, 'it takes the place of user and password: give one or the other')
  }
  // Basic authentication ends the name at its first colon.
  if (username.includes(':')) throw refused('user', username, 'a name with a colon cannot be sent: choose another')
  return { username: username === '' ? 'default' : username, password }
}

function readSettings(settings: NonNullable<ClickHouseOptions['settings']>): ClickHouseTarget['settings'] {
  for (const [name, value] of Object.entries(settings)) {
    if (/^[a-z]\w*$/i.test(name) && ['string', 'number', 'boolean'].includes(typeof value)) continue
    throw refused(`settings.${name}`, value, 'a setting has a name of letters, digits and _, and one plain value')
  }
  return settings
}

function named(option: string, value: string): string {
  if (value === '') throw refused(option, value, 'give it a name, or leave it out')
  return value
}

function positive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw refused(option, value, 'give a whole number above 0')
}

function refused(option: string, value: unknown, cure: string): ArchiveError {
  const shown = value === null ? '' : ` ${JSON.stringify(value)}`
  return new ArchiveError('ARCHIVE_REFUSED', `ClickHouse option ${option}${shown}: ${cure}`)
}

/** Who is asking, as errors name it. */
export function accountOf(target: ClickHouseTarget): string {
  return 'username' in target.auth ? `user '${target.auth.username}'` : 'the bearer of this access token'
}
