import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { ClickHouseTarget } from './target.ts'

/**
 * Makes the connections of a client, at most `connections` at once. The client's own agent knows no time limit for
 * connecting, and no access token beside an authority of one's own. The system asks the other side every second whether it is
 * there, so that a machine that went away in the middle of a long query is noticed in some ten.
 */
export function newAgent(target: ClickHouseTarget, connections: number): http.Agent {
  const { connect_ms } = target.timeouts
  const common = { keepAlive: true, maxSockets: connections }
  if (target.url.protocol === 'http:') return new PlainAgent(common, connect_ms)
  const { ca, cert, key, serverName } = target.tls
  return new TlsAgent(
    {
      ...common,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
    connect_ms,
  )
}

class PlainAgent extends http.Agent {
  readonly #connect_ms: number
  constructor(options: http.AgentOptions, connect_ms: number) {
    super(options)
    this.#connect_ms = connect_ms
  }
  override createConnection(...args: Parameters<http.Agent['createConnection']>): Duplex | null | undefined {
    return limited(super.createConnection(...args), 'connect', this.#connect_ms)
  }
}

class TlsAgent extends https.Agent {
  readonly #connect_ms: number
  constructor(options: https.AgentOptions, connect_ms: number) {
    super(options)
    this.#connect_ms = connect_ms
  }
  override createConnection(...args: Parameters<https.Agent['createConnection']>): Duplex | null | undefined {
    return limited(super.createConnection(...args), 'secureConnect', this.#connect_ms)
  }
}

/** Gives a connection up that is not ready in time. */
function limited<T extends Duplex | null | undefined>(socket: T, ready: string, limit_ms: number): T {
  if (socket === null || socket === undefined) return socket
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error(`no connection within ${limit_ms} ms`), { code: 'ETIMEDOUT' }))
  }, limit_ms)
  const clear = () => clearTimeout(timer)
  socket.once(ready, clear).once('close', clear)
  return socket
}
