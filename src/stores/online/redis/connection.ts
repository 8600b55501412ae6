import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { CommandWriter } from './command-writer.ts'
import { ErrorReply, RedisStoreError } from './redis-error.ts'
import { type Reply, ReplyParser } from './reply-parser.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ConnectionSettings {
  readonly user: string | null
  readonly password: string | null
  readonly database: number
  /** Null: plain TCP. */
  readonly tls: ConnectionOptions | null
  /** A node that owes a reply and says nothing for so long is taken for lost. */
  readonly timeout_ms: number
}

/** So much is sent at once; less waits for the end of the event loop's turn, so that calls of one turn share a system call. */
const SEND_BYTES = 16 * 1024

/** Of a long batch, so much is sent while the rest is being written: Redis begins meanwhile. */
const PUSH_BYTES = 64 * 1024

/** How often within `timeout_ms` is looked whether anything came. */
const LOOKS = 4

/** Calls that are done are forgotten by so many at once, as to shift a list costs its length. */
const DONE_KEPT_MAX = 1_024

/** Idle connections are probed after this, as firewalls forget them in silence. */
const KEEP_ALIVE_MS = 30_000

interface Pending {
  readonly wanted: number
  readonly replies: Reply[]
  readonly resolve: (replies: Reply[]) => void
  readonly reject: (error: RedisStoreError) => void
}

export function nameOf({ host, port }: Address): string {
  return `${host}:${port}`
}

/**
 * One socket to one Redis process, all its life: it never connects again and sends nothing twice. So whatever was sent over
 * it in order has reached that very process in order, which is what the marks' proof stands on.
 */
export class Connection {
  readonly name: string
  /** Commands are written here, and then asked for by {@link replies} in the same turn. */
  readonly out = new CommandWriter()
  readonly #socket: Socket
  readonly #parser: ReplyParser
  /** First in, first out; what is before `#first` is done. */
  #pending: Pending[] = []
  #first = 0
  #lost: RedisStoreError | null = null
  #flushing = false
  #silent = 0
  readonly #looking: NodeJS.Timeout

  private constructor(name: string, socket: Socket, timeout_ms: number) {
    this.name = name
    this.#socket = socket
    this.#parser = new ReplyParser((reply) => this.#take(reply))
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('data', (chunk: Buffer) => this.#feed(chunk))
    socket.on('error', (error) => this.#lose(`the connection to Redis at ${name} broke: ${error.message}`, error))
    socket.on('close', () => this.#lose(`Redis at ${name} closed the connection`))
    this.#looking = setInterval(() => this.#look(timeout_ms), timeout_ms / LOOKS)
    this.#looking.unref()
  }

  /** Connects and logs in. Throws a RedisStoreError. */
  static async open(address: Address, settings: ConnectionSettings): Promise<Connection> {
    const name = nameOf(address)
    const socket = await connected(address, name, settings)
    const connection = new Connection(name, socket, settings.timeout_ms)
    const { out } = connection
    let wanted = 1
    if (settings.password !== null) {
      if (settings.user === null) out.add('AUTH', settings.password)
      else out.add('AUTH', settings.user, settings.password)
      wanted++
    }
    if (settings.database !== 0) {
      out.add('SELECT', settings.database)
      wanted++
    }
    out.add('PING')
    for (const reply of await connection.replies(wanted)) {
      if (!(reply instanceof ErrorReply)) continue
      connection.close()
      if (reply.passing) throw reply.toError(name)
      const cure = 'check user, password and database in its URL'
      throw new RedisStoreError('REFUSED', `Redis at ${name} does not let us in (${reply.message}): ${cure}`)
    }
    return connection
  }

  get live(): boolean {
    return this.#lost === null
  }

  /** The replies to the `wanted` commands that were written to `out` just now. Rejects when the connection is lost. */
  replies(wanted: number): Promise<Reply[]> {
    if (this.#lost !== null) {
      this.out.take()
      return Promise.reject(this.#lost)
    }
    const asked = new Promise<Reply[]>((resolve, reject) => {
      if (this.#pending.length === 0) this.#silent = 0
      this.#pending.push({ wanted, replies: [], resolve, reject })
    })
    if (this.out.length >= SEND_BYTES) this.#flush()
    else if (!this.#flushing) {
      this.#flushing = true
      setImmediate(() => this.#flush())
    }
    return asked
  }

  /** Sends what was written so far where it is much, while the rest is being written: {@link replies} comes in the same turn. */
  push(): void {
    if (this.out.length >= PUSH_BYTES) this.#flush()
  }

  close(): void {
    this.#lose(`the connection to Redis at ${this.name} was closed`)
  }

  #flush(): void {
    this.#flushing = false
    if (this.#lost !== null) return
    const pieces = this.out.take()
    const spent = this.out.takeSpent()
    const last = pieces.pop()
    if (last === undefined) return
    if (pieces.length > 0) this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    if (spent.length === 0) this.#socket.write(last)
    else
      this.#socket.write(last, (error) => {
        // Writes are done in order: what came before is sent, too.
        if (error == null) this.out.reuse(spent)
      })
    if (pieces.length > 0) this.#socket.uncork()
  }

  #feed(chunk: Buffer): void {
    this.#silent = 0
    try {
      this.#parser.feed(chunk)
    } catch (error) {
      this.#lose(`the connection to Redis at ${this.name} was given up: ${(error as Error).message}`, error, 'PROTOCOL')
    }
  }

  #take(reply: Reply): void {
    const pending = this.#pending[this.#first]
    if (pending === undefined) throw new RedisStoreError('PROTOCOL', 'a reply came that nobody asked for')
    pending.replies.push(reply)
    if (pending.replies.length < pending.wanted) return
    this.#first++
    if (this.#first === this.#pending.length || this.#first === DONE_KEPT_MAX) {
      this.#pending.splice(0, this.#first)
      this.#first = 0
    }
    pending.resolve(pending.replies)
  }

  #look(timeout_ms: number): void {
    if (this.#pending.length === 0) return
    // Counted in looks, not by the clock: a process that itself stood still reads its socket before the next look.
    if (++this.#silent > LOOKS) this.#lose(`Redis at ${this.name} has not answered for ${timeout_ms} ms`)
  }

  #lose(message: string, cause?: unknown, code: 'UNAVAILABLE' | 'PROTOCOL' = 'UNAVAILABLE'): void {
    if (this.#lost !== null) return
    this.#lost = new RedisStoreError(code, message, cause)
    clearInterval(this.#looking)
    this.#socket.destroy()
    this.out.take()
    const pending = this.#pending.slice(this.#first)
    this.#pending = []
    this.#first = 0
    for (const { reject } of pending) reject(this.#lost)
  }
}

function connected({ host, port }: Address, name: string, { tls, timeout_ms }: ConnectionSettings): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // A certificate is asked for by name; an address is no name.
    const named = isIP(host) === 0 ? { servername: host } : {}
    const socket = tls === null ? connectTcp({ host, port }) : connectTls({ ...named, ...tls, host, port })
    const fail = (message: string, cause?: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new RedisStoreError('UNAVAILABLE', `Redis at ${name} cannot be reached: ${message}`, cause))
    }
    const timer = setTimeout(() => fail(`no connection within ${timeout_ms} ms`), timeout_ms)
    const onError = (error: Error) => fail(error.message, error)
    socket.once('error', onError)
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', onError)
      resolve(socket)
    })
  })
}
