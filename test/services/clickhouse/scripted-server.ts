import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { NativeWriter } from '../../../src/stores/archive/native-writer.ts'

/** A statement that was received: its SQL without data, and the URL's parameters. */
export interface Received {
  readonly sql: string
  readonly parameters: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** How many statements this connection had brought before. */
  readonly before: number
}

/** What to answer; null: break the connection off. */
export type Script = (received: Received) => Answer | null

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

/** An HTTP server that answers as a test says, for what no ClickHouse can be made to do at will. */
export class ScriptedServer {
  readonly received: Received[] = []
  readonly #server: Server
  readonly #said = new WeakMap<Socket, number>()
  #script: Script

  private constructor(script: Script) {
    this.#script = script
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(script: Script = scripted({})): Promise<ScriptedServer> {
    const scriptedServer = new ScriptedServer(script)
    scriptedServer.#server.listen(0, '127.0.0.1')
    await once(scriptedServer.#server, 'listening')
    return scriptedServer
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
  }

  set script(script: Script) {
    this.#script = script
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const before = this.#said.get(request.socket) ?? 0
    this.#said.set(request.socket, before + 1)
    const sql = Buffer.concat(chunks)
      .toString('latin1')
      .replace(/(FORMAT Native)\n[\s\S]*$/, '$1')
    const received = {
      sql,
      parameters: new URL(request.url ?? '/', 'http://x').searchParams,
      headers: request.headers,
      before,
    }
    this.received.push(received)
    const answer = this.#script(received)
    if (answer === null) {
      request.socket.destroy()
      return
    }
    const { status = 200, headers = { 'X-ClickHouse-Query-Id': 'q' }, body = '' } = answer
    response.writeHead(status, headers)
    response.end(body)
  }
}

/** Answers like a ClickHouse that has these tables, by name: their columns and types. Everything else succeeds. */
export function scripted(tables: Record<string, Record<string, string>>, databases: readonly string[] = []): Script {
  return ({ sql }) => {
    if (sql.startsWith('SELECT version()')) return { body: texts(['25.8.2.29']) }
    if (sql.includes('system.databases')) {
      return { body: texts(databases.filter((name) => sql.includes(`'${name}'`))) }
    }
    const table = /system\.columns WHERE database = '[^']*' AND table = '([^']*)'/.exec(sql)
    if (table === null) return {}
    const columns = tables[table[1]!] ?? {}
    return { body: texts(Object.keys(columns), Object.values(columns)) }
  }
}

/** A block of text columns. */
function texts(...columns: string[][]): Uint8Array {
  const writer = new NativeWriter(columns.length, columns[0]!.length)
  for (const [i, values] of columns.entries()) writer.strings(`c${i}`, false, values)
  return writer.finish()
}
