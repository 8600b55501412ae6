import { readRetryAfter_ms } from './backoff.ts'
import { MillraceError } from './millrace-error.ts'

export interface HttpRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** What is posted; null: it is a GET. */
  readonly body: string | null
}

/** An answer that came, whatever it says. */
export interface Reply {
  readonly status: number
  /** Its JSON; undefined where it is none. */
  readonly body: unknown
  readonly retryAfter_ms: number | null
}

/**
 * Sends a request once, and reads all of the answer. Throws a MillraceError: `ABORTED`, `TIMEOUT` or `CONNECTION_FAILED`. It ends with the
 * signal and the time, whatever `fetch` makes of them.
 */
export async function attempt(
  fetch: typeof globalThis.fetch,
  request: HttpRequest,
  timeout_ms: number,
  signal: AbortSignal | null,
): Promise<Reply> {
  const limit = new Limit(timeout_ms, signal)
  try {
    return await Promise.race([send(fetch, request, limit.signal), limit.reached])
  } catch (cause) {
    if (limit.error !== null) throw limit.error
    throw new MillraceError('CONNECTION_FAILED', `no answer came from ${new URL(request.url).origin}`, {
      cure: 'see that the server runs there, and ask again: nothing counts twice',
      retryable: true,
      cause,
    })
  } finally {
    limit.lift()
  }
}

/** The end of an attempt, by time or by the caller's signal. */
class Limit {
  /** Rejects with {@link error}. */
  readonly reached: Promise<never>
  /** Why; null: it is not reached. */
  error: MillraceError | null = null
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | null
  readonly #onAbort = (): void => this.#end(aborted(this.#outer!))
  readonly #timer: ReturnType<typeof setTimeout>
  #reject: (error: MillraceError) => void = () => {}

  constructor(timeout_ms: number, signal: AbortSignal | null) {
    this.#outer = signal
    this.reached = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.#timer = setTimeout(() => this.#end(tooLate(timeout_ms)), timeout_ms)
    signal?.addEventListener('abort', this.#onAbort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  lift(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#onAbort)
  }

  #end(error: MillraceError): void {
    if (this.error !== null) return
    this.error = error
    this.#reject(error)
    this.#controller.abort()
  }
}

async function send(
  fetch: typeof globalThis.fetch,
  { url, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<Reply> {
  // A redirection would make a GET of a POST, and take the key elsewhere: it is told instead.
  const response = await fetch(url, {
    method: body === null ? 'GET' : 'POST',
    headers,
    body,
    signal,
    redirect: 'manual',
  })
  const text = await response.text()
  return {
    status: response.status,
    body: parsed(text),
    retryAfter_ms: readRetryAfter_ms(response.headers.get('retry-after'), Date.now()),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The error of a signal that said stop. */
export function aborted(signal: AbortSignal): MillraceError {
  return new MillraceError('ABORTED', 'the caller stopped the call', { cause: signal.reason })
}

/** The error of an attempt, or of all of them, that took too long. */
function tooLate(timeout_ms: number): MillraceError {
  return new MillraceError('TIMEOUT', `no answer within ${Math.round(timeout_ms)} ms`, {
    cure: 'ask again, as nothing counts twice, or allow it more with timeout_ms and deadline_ms',
    retryable: true,
  })
}
