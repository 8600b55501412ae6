/** Those who wait for something to be appended to a topic. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Resolves at the next {@link arrived} of the topic, at {@link end}, or after `timeout_ms`. */
  wait(topic: string, timeout_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(topic) ?? new Set()
      this.#waiting.set(topic, waiting)
      const wake = () => {
        clearTimeout(timer)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, timeout_ms)
      waiting.add(wake)
    })
  }

  arrived(topic: string): void {
    for (const wake of [...(this.#waiting.get(topic) ?? [])]) wake()
  }

  end(): void {
    for (const topic of this.#waiting.keys()) this.arrived(topic)
  }
}
