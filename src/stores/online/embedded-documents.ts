import type { Database } from 'lmdb'
import type { StoredDocument } from '../online-store.ts'

/** The documents of the embedded store: by name, the version, a blank and the JSON. */
export class EmbeddedDocuments {
  readonly #database: Database<Buffer, string>

  constructor(database: Database<Buffer, string>) {
    this.#database = database
  }

  get(name: string): StoredDocument | null {
    const text = this.#database.getBinary(name)
    return text === undefined ? null : parse(text)
  }

  /** By the bytes of their names, in order. */
  all(prefix: string): Map<string, StoredDocument> {
    const found = new Map<string, StoredDocument>()
    for (const { key, value } of this.#database.getRange({ start: prefix || '\0' })) {
      if (!key.startsWith(prefix)) break
      found.set(key, parse(value))
    }
    return found
  }

  /** The put of a document's next version, for the transaction that is being made. */
  write(name: string, version: number, json: string): () => void {
    const text = Buffer.from(`${version} ${json}`)
    return () => this.#database.put(name, text)
  }

  /** The removal of a document, for the transaction that is being made. */
  removal(name: string): () => void {
    return () => this.#database.remove(name)
  }
}

function parse(text: Buffer): StoredDocument {
  const blank = text.indexOf(' ')
  return { version: Number(text.toString('latin1', 0, blank)), value: JSON.parse(text.toString('utf8', blank + 1)) }
}
