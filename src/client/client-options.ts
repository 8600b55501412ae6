import { MillraceError } from './millrace-error.ts'

/** A call that failed and is made again. */
export interface Retry {
  readonly error: MillraceError
  /** 1 for the first. */
  readonly retry: number
  /** How long the client waits before it. */
  readonly wait_ms: number
}

/** Can be said for all calls and, over that, for one. */
export interface CallSettings {
  /** How long one attempt may take, from the connection to the last byte of the answer. Default: 2000. */
  readonly timeout_ms?: number
  /**
   * How long a request may take with all its attempts and the waits between them. A batch or list of events that is sent in parts has it
   * for each part. Default: 10000.
   */
  readonly deadline_ms?: number
  /** How often a request is sent again, after the first time. 0: never. Default: 2. */
  readonly retries?: number
  /** More headers, as `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface ClientOptions extends CallSettings {
  /** Where `millrace serve` or `millrace dev` listens, as `'http://127.0.0.1:8080'`; a path before `/v1` may stand in it. */
  readonly url: string
  /** Sent as `authorization: Bearer`. Default: nothing is. */
  readonly apiKey?: string
  /** The first wait before a retry is random, from 0 to so much; it doubles with each, up to 2 seconds. Default: 50. */
  readonly backoff_ms?: number
  /** Told of each retry, for a log or a metric. What it throws is ignored: a call does not fail for its log. */
  readonly onRetry?: (retry: Retry) => void
  /** In place of the global `fetch`: a pool or proxy of your own, a binding of a worker. */
  readonly fetch?: typeof globalThis.fetch
  /** In place of `Math.random`, so that tests wait the same each time. From 0 to below 1. */
  readonly random?: () => number
}

export interface CallOptions extends CallSettings {
  /** Stops the call at once, also while it waits for a retry. */
  readonly signal?: AbortSignal
}

export interface VectorOptions extends CallOptions {
  /** The fingerprint that every answer must have. Default: any. */
  readonly fingerprint?: string
}

const TIMEOUT_MS = 2_000
const DEADLINE_MS = 10_000
const RETRIES = 2
const BACKOFF_MS = 50

/** The longest that a timer can wait: one that is longer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Settings of a call, checked. */
export interface Call {
  readonly timeout_ms: number
  readonly deadline_ms: number
  readonly retries: number
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal | null
}

/** Options of a client, checked. */
export interface CheckedOptions {
  /** Without a slash at its end. */
  readonly url: string
  readonly call: Call
  readonly backoff_ms: number
  readonly onRetry: (retry: Retry) => void
  readonly fetch: typeof globalThis.fetch
  readonly random: () => number
}

const CALL_NAMES = ['timeout_ms', 'deadline_ms', 'retries', 'headers', 'signal', 'fingerprint']
const CLIENT_NAMES = [...CALL_NAMES.slice(0, 4), 'url', 'apiKey', 'backoff_ms', 'onRetry', 'fetch', 'random']

/** Throws a MillraceError `OPTION_INVALID`. */
export function readOptions(options: ClientOptions): CheckedOptions {
  const { url, apiKey, backoff_ms, onRetry, fetch, random, ...settings } = options
  checkNames(options, CLIENT_NAMES)
  for (const [name, value] of Object.entries({ onRetry, fetch, random })) checkFunction(name, value)
  const base: Call = {
    timeout_ms: TIMEOUT_MS,
    deadline_ms: DEADLINE_MS,
    retries: RETRIES,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${readKey(apiKey)}` },
    signal: null,
  }
  return {
    url: readUrl(url),
    call: callOf(base, settings),
    backoff_ms: backoff_ms === undefined ? BACKOFF_MS : number('backoff_ms', backoff_ms, 0),
    onRetry: onRetry ?? (() => {}),
    // Browsers refuse a fetch that is called as the method of something else.
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
    random: random ?? Math.random,
  }
}

/** What a call says over what its client says. Throws a MillraceError `OPTION_INVALID`. */
export function callOf(base: Call, options: CallOptions): Call {
  const { timeout_ms, deadline_ms, retries, headers, signal } = options
  checkNames(options, CALL_NAMES)
  return {
    timeout_ms: timeout_ms === undefined ? base.timeout_ms : number('timeout_ms', timeout_ms, 1),
    deadline_ms: deadline_ms === undefined ? base.deadline_ms : number('deadline_ms', deadline_ms, 1),
    retries: retries === undefined ? base.retries : whole('retries', retries),
    headers: headers === undefined ? base.headers : { ...base.headers, ...readHeaders(headers) },
    signal: signal == null ? base.signal : readSignal(signal),
  }
}

/** One that is misspelt would be a time limit that nobody keeps. */
function checkNames(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw wrong(unknown, 'there is no such option', `there are ${names.join(', ')}`)
}

function checkFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw wrong(option, `${show(value)} is no function`, null)
}

function readSignal(signal: AbortSignal): AbortSignal {
  // Of whatever realm or polyfill it is.
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function') return signal
  throw wrong('signal', `${show(signal)} is no AbortSignal`, 'give the signal of an AbortController')
}

function readUrl(url: string): string {
  const cure = "give the address of the server, as 'http://127.0.0.1:8080'"
  let read: URL
  try {
    read = new URL(url)
  } catch (cause) {
    throw wrong('url', `${show(url)} is no URL`, cure, cause)
  }
  const { protocol, username, password, search, hash } = read
  if (protocol !== 'http:' && protocol !== 'https:') throw wrong('url', `${show(url)} is not http or https`, cure)
  if (username !== '' || password !== '') throw wrong('url', 'it has a user in it', 'take it out, and give an apiKey')
  if (search !== '' || hash !== '') throw wrong('url', `${show(url)} ends in ${search}${hash}`, cure)
  return `${read.origin}${read.pathname.replace(/\/+$/, '')}`
}

/** Messages do not show it: it is a secret. */
function readKey(key: string): string {
  if (typeof key === 'string' && /^[!-~]+$/.test(key)) return key
  throw wrong(
    'apiKey',
    'it is empty, or has characters that a header cannot have',
    'give it without spaces or line ends',
  )
}

function readHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    new Headers(headers)
  } catch (cause) {
    throw wrong('headers', 'they have a name or value that is none', 'give texts without line ends', cause)
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function number(option: string, value: number, min: number): number {
  if (typeof value === 'number' && value >= min && value <= TIMER_MS_MAX) return value
  throw wrong(option, `${show(value)} is no number of milliseconds from ${min} to ${TIMER_MS_MAX}`, null)
}

function whole(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(option, `${show(value)} is no whole number`, 'give 0 or more')
}

function wrong(option: string, message: string, cure: string | null, cause?: unknown): MillraceError {
  return new MillraceError('OPTION_INVALID', `${option}: ${message}`, {
    field: option,
    cure,
    ...(cause === undefined ? {} : { cause }),
  })
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
