/** What keeps a process from its work at present, by where it is. */
export class Troubles {
  readonly #troubles = new Map<string, string>()
  readonly #onChange: (where: string, message: string | null) => void

  /** `onChange` is told of every trouble that is new or another, and of the end of each (null). */
  constructor(onChange: (where: string, message: string | null) => void = () => {}) {
    this.#onChange = onChange
  }

  /** Null: all is well there. */
  report(where: string, message: string | null): void {
    if ((this.#troubles.get(where) ?? null) === message) return
    if (message === null) this.#troubles.delete(where)
    else this.#troubles.set(where, message)
    this.#onChange(where, message)
  }

  of(where: string): string | null {
    return this.#troubles.get(where) ?? null
  }

  /** In sentences. */
  get all(): string[] {
    return [...this.#troubles].map(([where, message]) => `${where}: ${message}`)
  }
}
