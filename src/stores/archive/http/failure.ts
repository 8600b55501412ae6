import { explain, kindOfCode, LinkFailure } from '../clickhouse-link.ts'
import { accountOf, type ClickHouseTarget } from './target.ts'

/** Waits before another try: while a server restarts, or a connection was lost. */
const SOON_MS = 1_000

/** While merges, other queries or a full disk must get out of the way first. */
const BUSY_MS = 10_000

/** A `Retry-After` beyond this would leave the archive behind for longer than anybody means. */
const WAIT_MS_MAX = 300_000

/** Longest part of an answer that is no ClickHouse's which an error repeats. */
const EXCERPT_MAX = 200

/** What to do about ClickHouse's own refusals, by code. */
const CURES: ReadonlyMap<number, string> = new Map([
  [81, 'create the database, or correct its name'],
  [115, 'ClickHouse 25.1 or newer knows the settings of millrace; correct those of your own'],
  [
    164,
    'millrace sends settings with its queries: use a user whose profile has readonly = 0, or 2 for one that only reads',
  ],
  [202, 'allow more queries at once, or run fewer backfills beside each other'],
  [203, 'allow more connections to the server'],
  [241, 'give ClickHouse more memory, or run fewer queries beside each other'],
  [242, 'a replica is read-only until it has found Keeper again'],
  [243, 'make room on the disk of ClickHouse'],
  [252, 'merges must catch up: insert less often and in larger batches, and do not partition the table finely'],
  [452, "the user's profile keeps a setting from being changed: let it be changed"],
  [497, 'grant it to the user'],
])

/** Unknown user, wrong or missing password, address not allowed, failed authentication. */
const AUTH_CODES = new Set([192, 193, 194, 195, 516])

/** Codes after which a wait of {@link BUSY_MS} is worth more than a quick try. */
const BUSY_CODES = new Set([159, 173, 201, 202, 241, 243, 252, 439, 745])

/** Explains an exception of ClickHouse, wherever it stood in an answer. `code`: from the header, null where it had none. */
export function exceptionFailure(target: ClickHouseTarget, text: string, header: number | null = null): LinkFailure {
  const { code: read, reason } = explain(new Error(text.trim()))
  const code = header ?? read
  if (code !== null && AUTH_CODES.has(code)) {
    const message = `ClickHouse at ${target.address} does not let ${accountOf(target)} in: check user and password (${reason})`
    return new LinkFailure('ARCHIVE_REFUSED', message, text)
  }
  const kind = kindOfCode(code)
  const wait_ms = kind !== 'ARCHIVE_UNAVAILABLE' ? null : code !== null && BUSY_CODES.has(code) ? BUSY_MS : SOON_MS
  const cure = code === null ? undefined : CURES.get(code)
  return new LinkFailure(kind, cure === undefined ? reason : `${reason}: ${cure}`, text, wait_ms)
}

/** Explains an answer that says no, from ClickHouse or from whatever stands in front of it. */
export function answerFailure(
  target: ClickHouseTarget,
  status: number,
  headers: Readonly<Record<string, unknown>>,
  text: string,
): LinkFailure {
  const header = Number(headers['x-clickhouse-exception-code'])
  if (header > 0 || /Code: \d+\. DB::Exception: /.test(text)) {
    return exceptionFailure(target, text, header > 0 ? header : null)
  }
  const excerpt = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, EXCERPT_MAX)
  const said = `${target.address} answered HTTP ${status}${excerpt === '' ? '' : ` (${excerpt})`}`
  if (status === 401 || status === 403) {
    return new LinkFailure('ARCHIVE_REFUSED', `${said}: ${accountOf(target)} is not let in, check user and password`)
  }
  if (status === 413) {
    return new LinkFailure('ARCHIVE_REFUSED', `${said}: a proxy takes no request of that size, raise its limit`)
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const seconds = Number(headers['retry-after'])
    const wait_ms = seconds > 0 ? Math.min(seconds * 1_000, WAIT_MS_MAX) : SOON_MS
    return new LinkFailure('ARCHIVE_UNAVAILABLE', `${said}: try again in a while`, text, wait_ms)
  }
  return new LinkFailure('ARCHIVE_REFUSED', `${said}: is that the HTTP port of ClickHouse, 8123 or 8443 for https?`)
}

/** Explains why there was no answer, or no end of one. */
export function transportFailure(target: ClickHouseTarget, error: unknown): LinkFailure {
  if (error instanceof LinkFailure) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = (error instanceof Error && error.message) || code || String(error)
  const { address } = target
  const away = (message: string) => new LinkFailure('ARCHIVE_UNAVAILABLE', message, error, SOON_MS)
  const wrong = (message: string) => new LinkFailure('ARCHIVE_REFUSED', message, error)
  if (code === 'ECONNREFUSED') return away(`nothing listens at ${address}: start ClickHouse, or correct the address`)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return away(`no address is known for the host of ${address}: correct its name, or wait for DNS`)
  }
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return away(`ClickHouse at ${address} cannot be reached (${reason}): is it running, and the network open?`)
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/.test(code)) {
    const cure = 'give the authority that signed it in tls.ca, or the name that it has in tls.serverName'
    return wrong(`the certificate of ${address} is not trusted (${reason}): ${cure}`)
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return wrong(`${address} does not speak TLS as this does (${reason}): is it the HTTPS port, by default 8443?`)
  }
  if (code.startsWith('HPE_')) {
    return wrong(`${address} does not speak HTTP (${reason}): is it the HTTP port, by default 8123?`)
  }
  return away(`the connection to ClickHouse at ${address} was lost (${reason}): try again`)
}

/** A wait that has taken too long. */
export function timeoutFailure(target: ClickHouseTarget, limit_ms: number, option: string): LinkFailure {
  const message = `ClickHouse at ${target.address} said nothing for ${limit_ms} ms: try again, or raise timeouts.${option}`
  return new LinkFailure('ARCHIVE_UNAVAILABLE', message, undefined, BUSY_MS)
}
