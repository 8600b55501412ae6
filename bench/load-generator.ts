import { connect } from 'node:net'

/** What the generator is told: where to send what, and how often. */
export interface Load {
  readonly port: number
  readonly path: string
  readonly bodies: readonly string[]
  readonly requests: number
  readonly connections: number
}

/** What it found: how long all took, and each request from its first byte sent to the last received. */
export interface LoadResult {
  readonly elapsed_ms: number
  readonly latencies_us: readonly number[]
  readonly bytes: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Sends requests one after another on each of some connections that stay open. By bare sockets: a client that costs more than
 * the server it asks would measure itself.
 */
function run(load: Load): Promise<LoadResult> {
  const requests = load.bodies.map((body) =>
    Buffer.from(
      `POST ${load.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  )
  const latencies_us: number[] = []
  let sent = 0
  let bytes = 0
  let open = load.connections
  const begun = process.hrtime.bigint()
  return new Promise((resolve, reject) => {
    for (let c = 0; c < load.connections; c++) {
      const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
      let sentAt = 0n
      let received: Buffer = Buffer.alloc(0)
      const next = () => {
        if (sent === load.requests) {
          socket.destroy()
          if (--open === 0) {
            resolve({ elapsed_ms: Number(process.hrtime.bigint() - begun) / 1e6, latencies_us, bytes })
          }
          return
        }
        sentAt = process.hrtime.bigint()
        socket.write(requests[sent++ % requests.length]!)
      }
      socket.on('connect', next)
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const head = received.indexOf(HEAD_END)
        if (head < 0) return
        const lines = received.toString('latin1', 0, head).toLowerCase()
        if (!lines.startsWith('http/1.1 200')) return reject(new Error(received.toString('utf8').slice(0, 1_000)))
        const length = Number(/content-length: (\d+)/.exec(lines)?.[1])
        if (received.length < head + 4 + length) return
        latencies_us.push(Number(process.hrtime.bigint() - sentAt) / 1_000)
        bytes += length
        received = Buffer.alloc(0)
        next()
      })
    }
  })
}

process.on('message', (load: Load) => {
  void run(load).then(
    (result) => process.send!(result),
    (error: unknown) => {
      process.stderr.write(`${error}\n`)
      process.exit(1)
    },
  )
})
