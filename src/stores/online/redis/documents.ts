import type { StoredDocument } from '../../online-store.ts'
import type { Exchange } from './exchange.ts'
import { Call } from './keyed-command.ts'
import type { Reply } from './reply-parser.ts'
import { PUT_DOCUMENT, REMOVE_DOCUMENT } from './scripts.ts'

/** The documents of the store: one hash, by name, of the version, a blank and the JSON. There are few, and all are read often. */
export class Documents {
  readonly #exchange: Exchange
  readonly #key: string

  constructor(exchange: Exchange, key: string) {
    this.#exchange = exchange
    this.#key = key
  }

  async get(name: string): Promise<StoredDocument | null> {
    const text = await this.#reply(['HGET', this.#key, name])
    return text === null ? null : parse(text)
  }

  async all(prefix: string): Promise<Map<string, StoredDocument>> {
    const fields = (await this.#reply(['HGETALL', this.#key])) as readonly Reply[]
    const found = new Map<string, StoredDocument>()
    for (let i = 0; i < fields.length; i += 2) {
      const name = String(fields[i])
      if (name.startsWith(prefix)) found.set(name, parse(fields[i + 1]!))
    }
    return found
  }

  /**
   * Answers false where the document has another version than `expected`; also where this very call has written it and its reply
   * was lost: nobody could tell it from another writer's.
   */
  async put(name: string, json: string, expected: number): Promise<boolean> {
    const put = Call.script(PUT_DOCUMENT, this.#key, name, expected, `${expected + 1} ${json}`)
    await this.#exchange.settle([put])
    return put.reply === 1
  }

  /** Answers false where the document has another version than `expected`; also where this very call removed it and its reply was lost. */
  async remove(name: string, expected: number): Promise<boolean> {
    const remove = Call.script(REMOVE_DOCUMENT, this.#key, name, expected)
    await this.#exchange.settle([remove])
    return remove.reply === 1
  }

  async #reply(command: readonly string[]): Promise<Reply> {
    const call = new Call(this.#key, (out) => out.add(...command))
    await this.#exchange.settle([call])
    return call.reply
  }
}

function parse(reply: Reply): StoredDocument {
  const text = String(reply)
  const blank = text.indexOf(' ')
  return { version: Number(text.slice(0, blank)), value: JSON.parse(text.slice(blank + 1)) }
}
