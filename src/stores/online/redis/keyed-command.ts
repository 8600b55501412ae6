import type { CommandWriter } from './command-writer.ts'
import type { Address, Connection } from './connection.ts'
import { hashSlot } from './hash-slot.ts'
import { ErrorReply } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'
import type { Script } from './scripts.ts'

/** Something to ask of the node that has a key, until it is settled. */
export abstract class KeyedCommand {
  /** The connection that settled it; null: it is still to be asked. */
  settled: Connection | null = null
  /** Where its key is already while its slot is being moved. */
  asked: Address | null = null
  /** How many commands it has sent last. */
  sent = 0
  #slot = -1

  /** As Redis knows it. */
  abstract get key(): string

  get slot(): number {
    if (this.#slot < 0) this.#slot = hashSlot(this.key)
    return this.#slot
  }

  /** It has another key from now on. */
  protected renamed(): void {
    this.#slot = -1
  }

  /** Comes before {@link write}: what can be worked out for many commands before any of them is written. */
  prepare(_connection: Connection): void {}

  /** Comes between the two: reads from memory what `write` will want, so that it is there by then. Answers what it read. */
  fetch(): number {
    return 0
  }

  /** Writes what is still to be done, and answers how many commands that was. */
  abstract write(connection: Connection): number
  /** Takes the replies from `at` on, of which some may be errors. Answers whether all is done. */
  abstract take(replies: readonly Reply[], at: number): boolean
  /** All is to be done again: the process that did it is no longer the one that counts. */
  reset(): void {
    this.settled = null
    this.asked = null
  }
}

/** A command that is done once it has a reply. */
export class Call extends KeyedCommand {
  override readonly key: string
  readonly #write: (out: CommandWriter) => void
  reply: Reply = null

  constructor(key: string, write: (out: CommandWriter) => void) {
    super()
    this.key = key
    this.#write = write
  }

  static script(script: Script, key: string, ...args: readonly (string | number | Uint8Array)[]): Call {
    return new Call(key, (out) => out.add('EVALSHA', script.sha, 1, key, ...args))
  }

  override write({ out }: Connection): number {
    this.#write(out)
    return 1
  }

  override take(replies: readonly Reply[], at: number): boolean {
    this.reply = replies[at]!
    return !(this.reply instanceof ErrorReply)
  }
}
