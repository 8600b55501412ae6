import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { UsageError } from './usage-error.ts'

/** How long open connections may hold up a stop. */
const DRAIN_MS_MAX = 2_000

/** How often connections are looked at that have become idle since. */
const IDLE_LOOK_MS = 50

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** What sets the port, as an error names it: `--port`, `MILLRACE_HTTP_PORT`. */
  readonly flag: string
}

export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was found. */
  readonly url: string
  /** Takes no more calls, and resolves when those in flight are answered or {@link DRAIN_MS_MAX} have passed. */
  close(): Promise<void>
}

/** Listens for HTTP. Throws a UsageError where the port is taken, may not be used, or the host is not of this machine. */
export function listen(
  fetch: Parameters<typeof serve>[0]['fetch'],
  { host, port, flag }: ListenOptions,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: host }, (info: AddressInfo) => {
      resolve({
        url: `http://${info.family === 'IPv6' ? `[${host}]` : host}:${info.port}`,
        close: () => drained(server),
      })
    })
    server.on('error', (error: NodeJS.ErrnoException) => reject(wrongPlace(error, host, port, flag)))
  })
}

function drained(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    // A connection that was busy is kept open for more, which nobody is to send.
    const idling = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), IDLE_LOOK_MS)
    const cutting = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), DRAIN_MS_MAX)
    server.close(() => {
      clearInterval(idling)
      clearTimeout(cutting)
      resolve()
    })
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}

function wrongPlace(error: NodeJS.ErrnoException, host: string, port: number, flag: string): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new UsageError(`${flag}: ${port} is taken on ${host}`, 'give another, or 0 for any free one')
    case 'EACCES':
      return new UsageError(`${flag}: ${port} may not be used by this account`, 'give one above 1023')
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(
        `${host} is no address of this machine`,
        'give 127.0.0.1, or 0.0.0.0 for all of its addresses',
      )
    default:
      return error
  }
}
