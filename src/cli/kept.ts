/** Values that are made when they are first asked for, and kept. */
export class Kept<K, V> {
  readonly #make: (key: K) => V
  readonly #values = new Map<K, V>()

  constructor(make: (key: K) => V) {
    this.#make = make
  }

  of(key: K): V {
    const found = this.#values.get(key)
    if (found !== undefined) return found
    const made = this.#make(key)
    this.#values.set(key, made)
    return made
  }

  entries(): Iterable<[K, V]> {
    return this.#values
  }

  forget(key: K): void {
    this.#values.delete(key)
  }
}
