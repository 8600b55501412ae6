import { aborted, attempt, type Reply } from './attempt.ts'
import { waitBefore_ms } from './backoff.ts'
import type { Call, CheckedOptions } from './client-options.ts'
import { MillraceError } from './millrace-error.ts'

/** What is sent to the API. */
export interface ApiRequest {
  readonly path: string
  /** What is posted; null: it is a GET. */
  readonly body: string | null
  /** Of the body. Default: JSON. */
  readonly type?: string
}

/** Those of a server that is starting, overloaded or without its stores: it did not answer, and may soon. */
const RETRIED_STATUSES = [429, 503]

/**
 * Sends a request until an answer comes that is not of a server in trouble, or time or retries are used up. Answers what came with a
 * status of 2xx, and with others of which `isAnswer` says so. Throws a MillraceError.
 *
 * A request may be sent twice though the first was heard: questions change nothing, and an event is there once, however often it is sent.
 */
export async function retried(
  client: CheckedOptions,
  { path, body, type = 'application/json' }: ApiRequest,
  call: Call,
  isAnswer: (reply: Reply) => boolean = () => false,
): Promise<Reply> {
  const { signal } = call
  const described = body === null ? {} : { 'content-type': type }
  const headers = { ...call.headers, ...described, accept: 'application/json' }
  const request = { url: `${client.url}${path}`, headers, body }
  const end_ms = performance.now() + call.deadline_ms
  for (let retry = 1; ; retry++) {
    if (signal?.aborted) throw aborted(signal)
    let error: MillraceError
    let retryAfter_ms: number | null = null
    try {
      const left_ms = end_ms - performance.now()
      const reply = await attempt(client.fetch, request, Math.min(call.timeout_ms, Math.max(1, left_ms)), signal)
      if ((reply.status >= 200 && reply.status < 300) || isAnswer(reply)) return reply
      error = errorOf(reply)
      retryAfter_ms = reply.retryAfter_ms
    } catch (thrown) {
      error = thrown as MillraceError
    }
    if (!error.retryable || retry > call.retries) throw error
    const wait_ms = waitBefore_ms(retry, client.backoff_ms, retryAfter_ms, client.random)
    // To wait for a retry that there is no time for helps nobody.
    if (performance.now() + wait_ms >= end_ms) throw error
    try {
      client.onRetry({ error, retry, wait_ms })
    } catch {
      // As its option says.
    }
    await pause(wait_ms, signal)
  }
}

/** Resolves after a time, or when the signal says stop. */
function pause(wait_ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, wait_ms)
    signal?.addEventListener('abort', done)
  })
}

function errorOf({ status, body }: Reply): MillraceError {
  const retryable = RETRIED_STATUSES.includes(status)
  const said = errorIn(body)
  if (said !== null) return new MillraceError(said.code, said.message, { ...said, status, retryable })
  // Browsers hide what a redirection is, behind a status of 0.
  const isRedirection = status === 0 || (status >= 300 && status < 400)
  return new MillraceError(
    'HTTP_STATUS',
    isRedirection ? 'the url leads elsewhere' : `the answer has status ${status}`,
    {
      status: status === 0 ? null : status,
      cure: isRedirection ? 'give the url that it leads to' : 'see what stands between here and millrace',
      retryable,
    },
  )
}

/** Codes of rows that the server could not answer now. */
const RETRYABLE_CODES = ['STORE_FAILED', 'NOT_READY']

/** The error of a row; null where it is an answer. */
export function rowError(row: unknown): MillraceError | null {
  const said = errorIn(row)
  if (said === null) return null
  return new MillraceError(said.code, said.message, { ...said, retryable: RETRYABLE_CODES.includes(said.code) })
}

/** What the server says of an error. */
interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly field: string | null
  readonly value: string | null
  readonly cure: string | null
}

function errorIn(body: unknown): ErrorBody | null {
  const said = (body as { readonly error?: Partial<Record<keyof ErrorBody, unknown>> | null } | null | undefined)?.error
  if (typeof said?.code !== 'string' || typeof said.message !== 'string') return null
  const { code, message } = said
  return { code, message, field: textOf(said.field), value: textOf(said.value), cure: textOf(said.cure) }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
