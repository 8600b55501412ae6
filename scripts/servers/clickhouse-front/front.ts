import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { constants, createGzip, type Gzip } from 'node:zlib'
import { isAllowed } from './front-auth.ts'
import { FrontEngine } from './front-engine.ts'
import { exceptionOf, FrontError } from './front-error.ts'
import { readRequest, settingsOf } from './front-request.ts'

// ClickHouse's HTTP interface over chDB, for tests: a process of its own, as chDB binds one folder per process and as it is to
// be killed. Listens on 127.0.0.1 only. Says the port that it listens on as a line of its output.
//
//   node --import tsx scripts/servers/clickhouse-front/front.ts --folder <folder> [--port 8123] [--user default] [--password ...]
//     [--token ...] [--no-tag] [--cert <file> --key <file>]

const { values: flags } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '0' },
    user: { type: 'string', default: 'default' },
    password: { type: 'string', default: '' },
    token: { type: 'string' },
    /** As before 25.11: exceptions in an answer have no tag. */
    'no-tag': { type: 'boolean', default: false },
    cert: { type: 'string' },
    key: { type: 'string' },
  },
})
if (flags.folder === undefined) throw new Error('--folder is missing')
const { folder } = flags
const engine = new FrontEngine(folder)
await engine.start()

/** What tests look at: bytes of answers so far, and those of gzip that they became; queries that run. */
const stats = { pid: process.pid, written_bytes: 0, packed_bytes: 0, requests: 0, open_queries: 0 }

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front')
  if (url.pathname === '/ping' || (request.method === 'GET' && url.search === '' && url.pathname === '/')) {
    response.end('Ok.\n')
    return
  }
  if (url.pathname === '/front/stats') {
    response.end(JSON.stringify({ ...stats, rss: process.memoryUsage.rss() }))
    return
  }
  stats.requests++
  const id = url.searchParams.get('query_id') ?? randomUUID()
  const tag = flags['no-tag'] ? null : randomBytes(8).toString('hex')
  response.setHeader('X-ClickHouse-Query-Id', id)
  response.setHeader('X-ClickHouse-Server-Display-Name', 'front')
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  if (tag !== null) response.setHeader('X-ClickHouse-Exception-Tag', tag)
  try {
    if (!isAllowed(request, url, flags)) {
      const name = request.headers['x-clickhouse-user'] ?? 'default'
      const reason = 'Authentication failed: password is incorrect, or there is no user with such name'
      throw new FrontError(516, 'AUTHENTICATION_FAILED', `${String(name)}: ${reason}`)
    }
    await answer(request, response, url, id, tag)
  } catch (error) {
    if (response.headersSent || request.errored !== null) response.destroy()
    else refuse(response, error)
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  const { code, status, text } = exceptionOf(error, engine.version)
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Exception-Code': code,
    'X-ClickHouse-Summary': summary(0n),
  })
  response.end(text)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  id: string,
  tag: string | null,
): Promise<void> {
  const started = process.hrtime.bigint()
  const read = await readRequest(request, url, folder)
  const given = new Map(settingsOf(url))
  if (request.method === 'GET') given.set('readonly', '2')
  const readonly = given.get('readonly')
  given.delete('readonly')
  const settings = [...given, ...(readonly === undefined ? [] : [['readonly', readonly] as const])]
  const defaultFormat =
    url.searchParams.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated'
  const database = url.searchParams.get('database') ?? header(request, 'x-clickhouse-database')
  const isCancelled = readonly !== undefined && given.get('cancel_http_readonly_queries_on_client_close') === '1'
  let done = false
  response.once('close', async () => {
    // It may not have begun yet.
    for (; !done && isCancelled; await sleep(50)) await engine.kill(id)
  })
  stats.open_queries++
  try {
    const chunks = engine.answer(read, settings, database, defaultFormat, id)
    // Nothing is promised before there is something, or all, to give.
    const waits = url.searchParams.get('wait_end_of_query') === '1'
    const first: Uint8Array[] = []
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      first.push(next.value)
      if (!waits) break
    }
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'X-ClickHouse-Format': read.statement.format ?? defaultFormat,
      'X-ClickHouse-Summary': summary(process.hrtime.bigint() - started),
      ...(isGzip(request, given) ? { 'Content-Encoding': 'gzip' } : {}),
    })
    const out = isGzip(request, given) ? createGzip({ level: 3 }) : null
    out?.on('data', (bytes: Buffer) => {
      stats.packed_bytes += bytes.length
      if (!response.write(bytes)) pauseUntilDrained(response, out)
    })
    try {
      for (const chunk of first) await write(response, out, chunk)
      for await (const chunk of chunks) await write(response, out, chunk)
    } catch (error) {
      await breakOff(response, out, exceptionOf(error, engine.version).text, tag)
      return
    }
    if (out !== null) {
      out.end()
      await once(out, 'end')
    }
    response.end()
  } finally {
    done = true
    stats.open_queries--
    await read.data?.close()
  }
}

/** Gives bytes to the network, and waits while it takes no more. */
async function write(response: ServerResponse, out: Gzip | null, bytes: Uint8Array): Promise<void> {
  if (response.destroyed) throw new Error('the client has gone')
  stats.written_bytes += bytes.length
  const target = out ?? response
  if (target.write(bytes)) return
  await new Promise<void>((resolve) => {
    const go = () => {
      target.off('drain', go)
      response.off('close', go)
      resolve()
    }
    target.on('drain', go)
    response.on('close', go)
  })
}

function pauseUntilDrained(response: ServerResponse, out: Gzip): void {
  out.pause()
  response.once('drain', () => out.resume())
}

/** Says in the answer why it ends, and ends it without its last chunk, as ClickHouse does. */
async function breakOff(response: ServerResponse, out: Gzip | null, text: string, tag: string | null): Promise<void> {
  if (response.destroyed) return
  const length = Buffer.byteLength(text)
  const block =
    tag === null
      ? `\n__exception__\n${text}`
      : `\r\n__exception__\r\n${tag}\r\n${text}\n${length + 1} ${tag}\r\n__exception__\r\n`
  if (out === null) response.write(block)
  else {
    out.write(block)
    await new Promise<void>((resolve) => out.flush(constants.Z_SYNC_FLUSH, resolve))
  }
  response.write('', () => response.socket?.destroySoon())
}

function isGzip(request: IncomingMessage, settings: ReadonlyMap<string, string>): boolean {
  return settings.get('enable_http_compression') === '1' && /\bgzip\b/.test(header(request, 'accept-encoding') ?? '')
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' ? value : null
}

function summary(elapsed: bigint): string {
  const zeros = ['read_rows', 'read_bytes', 'written_rows', 'written_bytes', 'total_rows_to_read', 'result_rows']
  return JSON.stringify({ ...Object.fromEntries(zeros.map((name) => [name, '0'])), elapsed_ns: String(elapsed) })
}

const onRequest = (request: IncomingMessage, response: ServerResponse) => void handle(request, response)
const server =
  flags.cert === undefined || flags.key === undefined
    ? http.createServer(onRequest)
    : https.createServer({ cert: readFileSync(flags.cert), key: readFileSync(flags.key) }, onRequest)
server.listen(Number(flags.port), '127.0.0.1')
await once(server, 'listening')
const address = server.address()
process.stdout.write(`${typeof address === 'object' ? address?.port : address}\n`)

process.once('SIGTERM', async () => {
  server.close()
  server.closeAllConnections()
  await engine.close()
  process.exit(0)
})
