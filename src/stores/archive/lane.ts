/** Runs jobs one after another, in the order they came. A job that fails does not keep the next from running. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job)
    this.#last = result.catch(() => {})
    return result
  }

  /** Resolves when every job that was given so far has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}
