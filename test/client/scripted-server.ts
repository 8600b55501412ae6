import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What a server in trouble does with a request. */
export type Move =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Never answers. */
  | 'hang'
  /** Cuts the connection before it answers. */
  | 'cut'
  /** Cuts it in the middle of a body. */
  | 'cut in the answer'
  /** Begins an answer, and goes silent. */
  | 'hang in the answer'

export interface Heard {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A server that does one thing after another, and the last of them for ever. */
export class ScriptedServer {
  readonly heard: Heard[] = []
  readonly #server: Server
  readonly #moves: readonly Move[]

  constructor(...moves: readonly Move[]) {
    this.#moves = moves
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const move = this.#moves[Math.min(this.heard.length, this.#moves.length - 1)]!
    this.heard.push({ path: request.url!, headers: request.headers, body })
    if (move === 'hang') return
    if (move === 'cut') return void request.socket.destroy()
    if (typeof move === 'string') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"service":', () => void (move === 'cut in the answer' && request.socket.destroy()))
      return
    }
    response.writeHead(move.status, { 'content-type': 'application/json', ...move.headers })
    response.end(typeof move.body === 'string' ? move.body : JSON.stringify(move.body ?? {}))
  }
}
