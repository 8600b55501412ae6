import { Agent, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { CommandError } from './command-error.ts'
import type { Backend } from './request.ts'

/** Connections to one process: a few requests are under way at once. */
const SOCKETS_MAX = 8

/** Statuses whose answers have no body: a Response refuses one. */
const BODILESS = new Set([204, 205, 304])

/**
 * The HTTP API of the process that holds the data folder. Not by `fetch`: that gives up on an answer that says nothing for five
 * minutes, as a backfill may that waits for its archive.
 */
export class HttpBackend implements Backend {
  readonly url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })

  constructor(url: string) {
    this.url = url
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    const { method = 'GET', headers, body, signal } = init
    const bytes = body === undefined || body === null ? null : Buffer.from(body as string | Uint8Array<ArrayBuffer>)
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.url}${path}`, {
        method,
        agent: this.#agent,
        headers: {
          ...(headers as Record<string, string> | undefined),
          ...(bytes === null ? {} : { 'content-length': bytes.length }),
        },
        ...(signal ? { signal } : {}),
      })
      outgoing.on('error', (error) => reject(this.#lost(error)))
      outgoing.on('response', (incoming) => resolve(responseOf(incoming)))
      outgoing.end(bytes ?? undefined)
    })
  }

  async close(): Promise<void> {
    this.#agent.destroy()
  }

  #lost(cause: Error): Error {
    if (cause.name === 'AbortError') return cause
    const message = `the connection to ${this.url} was lost: ${cause.message}`
    return new CommandError('CONNECTION_LOST', message, {
      cure: 'run the same command again: without a running dev it opens the data folder itself',
      cause,
    })
  }
}

function responseOf(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 0
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  if (BODILESS.has(status)) incoming.resume()
  const body = BODILESS.has(status) ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>)
  return new Response(body, { status, headers })
}
