import type { EmbeddedDatabases, EmbeddedLimits } from './embedded-layout.ts'

const FOLDED_KEY = 'folded'

/** The log of what was acknowledged since the last fold. Entries are numbered from 1 on, and are split into parts. */
export class Journal {
  readonly #databases: EmbeddedDatabases
  readonly #limits: EmbeddedLimits
  /** Entries that are on disk, with the number of their parts, ascending. */
  #entries: { readonly number: number; readonly parts: number }[] = []
  #last: number

  constructor(databases: EmbeddedDatabases, limits: EmbeddedLimits) {
    this.#databases = databases
    this.#limits = limits
    this.#last = Number(databases.state.getBinary(FOLDED_KEY) ?? 0)
  }

  /** The number of the last entry on disk. */
  get last(): number {
    return this.#last
  }

  /** Reads all entries that are on disk. */
  *load(): Generator<{ number: number; entry: Buffer }> {
    let parts: Buffer[] = []
    let open: number | null = null
    for (const { key, value } of this.#databases.journal.getRange({ start: [0, 0] })) {
      const number = key[0]!
      if (open !== null && number !== open) {
        this.added(open, parts.length)
        yield { number: open, entry: Buffer.concat(parts) }
        parts = []
      }
      open = number
      parts.push(value)
    }
    if (open === null) return
    this.added(open, parts.length)
    yield { number: open, entry: Buffer.concat(parts) }
  }

  /** Puts an entry into the transaction that is being made; answers its number of parts, for {@link added}. */
  put(number: number, entry: Buffer): number {
    const { page_bytes } = this.#limits
    let parts = 0
    for (let at = 0; at < entry.length; at += page_bytes) {
      this.#databases.journal.put([number, parts], entry.subarray(at, at + page_bytes))
      parts++
    }
    return parts
  }

  /** Notes that an entry is on disk. */
  added(number: number, parts: number): void {
    this.#entries.push({ number, parts })
    this.#last = number
  }

  /** Puts the removal of all entries up to `through` into the transaction that is being made. */
  remove(through: number): void {
    for (const { number, parts } of this.#entries) {
      if (number > through) break
      for (let part = 0; part < parts; part++) this.#databases.journal.remove([number, part])
    }
    this.#databases.state.put(FOLDED_KEY, Buffer.from(String(through)))
  }

  /** Notes that all entries up to `through` are gone from the disk. */
  removed(through: number): void {
    this.#entries = this.#entries.filter(({ number }) => number > through)
  }
}
