import type { TimelineKey } from '../../online-store.ts'
import type { Exchange } from './exchange.ts'
import type { KeyNames } from './key-names.ts'
import { Call } from './keyed-command.ts'
import { ErrorReply, RedisStoreError } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'
import type { Master } from './view.ts'

/** Keys that Redis looks at in one step of a walk: some 100 us in which it does nothing else. */
const STEP_KEYS = 500

/** Walks over all timelines of all nodes. */
export class TimelineScan {
  readonly #exchange: Exchange
  readonly #names: KeyNames

  constructor(exchange: Exchange, names: KeyNames) {
    this.#exchange = exchange
    this.#names = names
  }

  /**
   * Keys that begin with a text, some at a time. Where slots get other owners meanwhile, it begins again, as it may have passed
   * by some; keys then come twice.
   */
  async *walk(prefix: string): AsyncGenerator<TimelineKey[]> {
    const { nodes } = this.#exchange
    for (let again = true; again; ) {
      const { view } = nodes
      for (const master of view.masters) yield* this.#walkOn(master, prefix)
      again = nodes.view !== view
    }
  }

  /** Removes every timeline whose key begins with a text. */
  async remove(prefix: string): Promise<void> {
    for await (const keys of this.walk(prefix)) {
      const names = keys.map((key) => this.#names.toRedis(key))
      await this.#exchange.settle(names.map((name) => new Call(name, (out) => out.add('UNLINK', name))))
    }
  }

  /** Timelines can be counted where the whole database is the store's. */
  async size(): Promise<{ timelines: number | null; bytes: number }> {
    const { nodes } = this.#exchange
    let timelines = 0
    let bytes = 0
    for (const { address, home } of nodes.view.masters) {
      const connection = await nodes.connect(address)
      connection.out.add('DBSIZE')
      connection.out.add('EXISTS', this.#names.marksOf(home))
      const [all, marks] = await connection.replies(2)
      timelines += Number(all) - Number(marks)
      bytes += (await nodes.check(address)).memory_bytes
    }
    const documents = new Call(this.#names.documents, (out) => out.add('EXISTS', this.#names.documents))
    await this.#exchange.settle([documents])
    return { timelines: this.#names.alone ? timelines - Number(documents.reply) : null, bytes }
  }

  async *#walkOn({ address }: Master, prefix: string): AsyncGenerator<TimelineKey[]> {
    const connection = await this.#exchange.insist(() => this.#exchange.nodes.connect(address))
    const pattern = this.#names.pattern(prefix)
    let cursor = '0'
    do {
      connection.out.add('SCAN', cursor, 'MATCH', pattern, 'COUNT', STEP_KEYS)
      const [reply] = await connection.replies(1)
      if (reply instanceof ErrorReply) throw reply.toError(connection.name)
      const [next, found] = reply as readonly [Buffer, readonly Reply[]]
      cursor = next.toString()
      const keys: TimelineKey[] = []
      for (const name of found) {
        const key = this.#names.fromRedis(String(name))
        if (key !== null) keys.push(key)
      }
      if (keys.length > 0) yield keys
    } while (cursor !== '0')
    if (!connection.live) throw new RedisStoreError('UNAVAILABLE', 'a node was lost during the walk: walk again')
  }
}
