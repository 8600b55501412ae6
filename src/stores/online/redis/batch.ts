import type { Address, Connection } from './connection.ts'
import type { KeyedCommand } from './keyed-command.ts'
import { ErrorReply, type RedisStoreError } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'
import { SCRIPTS } from './scripts.ts'
import type { Master } from './view.ts'

/** One more command behind the others of a batch, which tells something of the node. */
export interface Tail {
  /** It may stay away while the slot that it stands in is moved. */
  readonly optional: boolean
  write(connection: Connection, master: Master): void
  take(reply: Reply, master: Master): void
}

/** So many commands are prepared before they are written: enough to wait for memory once, few enough for the cache. */
const AHEAD = 256

/** What goes to one node in one round: written in one go, answered in one go. */
export class Batch {
  readonly #connection: Connection
  /** Null: a node that has no slots yet. */
  readonly #master: Master | null
  readonly #commands: KeyedCommand[] = []
  #passing: RedisStoreError | null = null
  #fatal: RedisStoreError | null = null
  #scriptless = false
  /** Of no use but that nobody takes the reads for needless. */
  #fetched = 0

  constructor(connection: Connection, master: Master | null) {
    this.#connection = connection
    this.#master = master
  }

  add(command: KeyedCommand): void {
    this.#commands.push(command)
  }

  /**
   * Sends, and settles what went well. Answers null when the rest may be sent again at once, else why to wait before.
   * Throws a RedisStoreError where waiting does not help, after all replies were taken.
   */
  async send(tail: Tail | undefined): Promise<RedisStoreError | null> {
    const { out } = this.#connection
    let wanted = 0
    for (let i = 0; i < this.#commands.length; i++) {
      if (i % AHEAD === 0) this.#prepare(i, Math.min(i + AHEAD, this.#commands.length))
      const command = this.#commands[i]!
      // While a slot is being moved, its new node takes a command only right behind ASKING.
      out.asking = command.asked !== null
      command.sent = command.write(this.#connection)
      wanted += out.asking ? 2 * command.sent : command.sent
      this.#connection.push()
    }
    out.asking = false
    const tailed = tail !== undefined && this.#master !== null
    if (tailed) tail.write(this.#connection, this.#master)
    const replies = await this.#connection.replies(tailed ? wanted + 1 : wanted)
    let at = 0
    for (const command of this.#commands) {
      const { sent } = command
      if (command.asked === null) {
        this.#take(command, replies, at)
        at += sent
      } else {
        const own = replies.slice(at, at + 2 * sent).filter((_, place) => place % 2 === 1)
        this.#take(command, own, 0)
        at += 2 * sent
      }
    }
    if (tailed) this.#takeTail(tail, replies[at]!, this.#master)
    if (this.#fatal !== null) throw this.#fatal
    if (this.#scriptless) await this.#loadScripts()
    return this.#passing
  }

  #prepare(from: number, to: number): void {
    for (let i = from; i < to; i++) this.#commands[i]!.prepare(this.#connection)
    this.#fetched = 0
    for (let i = from; i < to; i++) this.#fetched ^= this.#commands[i]!.fetch()
  }

  #take(command: KeyedCommand, replies: readonly Reply[], at: number): void {
    for (let i = at; i < at + command.sent; i++) {
      const reply = replies[i]
      if (typeof reply === 'object' && reply instanceof ErrorReply) this.#fault(reply, command)
    }
    if (command.take(replies, at)) command.settled = this.#connection
  }

  #takeTail(tail: Tail, reply: Reply, master: Master): void {
    if (reply instanceof ErrorReply) {
      if (tail.optional && reply.passing) return
      this.#fault(reply, null)
      // What the tail should tell of them is not known.
      for (const command of this.#commands) command.reset()
    } else {
      tail.take(reply, master)
    }
  }

  #fault(reply: ErrorReply, command: KeyedCommand | null): void {
    const error = reply.toError(this.#connection.name)
    if (reply.code === 'NOSCRIPT') this.#scriptless = true
    else if (reply.code === 'ASK' && command !== null) command.asked = this.#target(reply)
    else if (reply.passing) {
      if (command !== null) command.asked = null
      this.#passing = error
    } else this.#fatal ??= error
  }

  /** The node that `ASK 3999 host:port` names. */
  #target({ message }: ErrorReply): Address {
    const text = message.slice(message.lastIndexOf(' ') + 1)
    const colon = text.lastIndexOf(':')
    const own = this.#connection.name
    return { host: text.slice(0, colon) || own.slice(0, own.lastIndexOf(':')), port: Number(text.slice(colon + 1)) }
  }

  async #loadScripts(): Promise<void> {
    for (const { text } of SCRIPTS) this.#connection.out.add('SCRIPT', 'LOAD', text)
    for (const reply of await this.#connection.replies(SCRIPTS.length)) {
      if (reply instanceof ErrorReply) throw reply.toError(this.#connection.name)
    }
  }
}
