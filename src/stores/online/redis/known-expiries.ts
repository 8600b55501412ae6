/** Timelines whose expiry is remembered over one connection, about: some 150 bytes each. Whichever is forgotten has its expiry set once more. */
export const KNOWN_KEYS_MAX = 200_000

/**
 * Until when timelines live, as far as this process has seen to it: to set the expiry with every append would double what an
 * append costs Redis. It forgets whatever was not used for long.
 */
export class KnownExpiries {
  readonly #half: number
  #recent = new Map<string, number>()
  #older = new Map<string, number>()

  constructor(keys_max = KNOWN_KEYS_MAX) {
    this.#half = Math.ceil(keys_max / 2)
  }

  /** Whether a timeline is known to live until an instant at least. */
  covers(key: string, expires_at_ms: number): boolean {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent >= expires_at_ms
    const older = this.#older.get(key)
    if (older === undefined || older < expires_at_ms) return false
    this.set(key, older)
    return true
  }

  set(key: string, expires_at_ms: number): void {
    if (this.#recent.size >= this.#half && !this.#recent.has(key)) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, expires_at_ms)
  }

  clear(): void {
    this.#recent.clear()
    this.#older.clear()
  }
}
