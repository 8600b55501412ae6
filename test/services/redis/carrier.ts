import { setTimeout as sleep } from 'node:timers/promises'
import { MarkMovedError, type OnlineStore } from '../../../src/stores/online-store.ts'
import { numbers, row } from '../../stores/numbered-rows.ts'

/** Messages that are carried at once. */
const BATCH = 50

/** Enough that every node of a small cluster has some. */
const KEYS = Array.from({ length: 40 }, (_, i) => `mr:f00d:{${i}}`)

/**
 * A stream worker as it should be, and the judge of what it left behind. Message n is one row in each of two timelines. It holds
 * nothing but its position, which the store's mark gives it back whenever anything goes wrong.
 */
export class Carrier {
  readonly #store: OnlineStore
  readonly #group: string
  #position: number | null = null
  #known = false
  /** Codes of the errors that were met, in order, each once in a row. */
  readonly troubles: string[] = []
  /** How often messages had to be carried again, as the mark was lower than they are. */
  replays = 0
  /** How often there was no mark any more. */
  lost = 0

  constructor(store: OnlineStore, group = 'g') {
    this.#store = store
    this.#group = group
  }

  /** Messages below it are in, as far as it knows. */
  get position(): number {
    return this.#position ?? 0
  }

  /** Carries messages until all below `goal` are in. */
  carry(goal: number): Promise<void> {
    return this.#carry(goal, () => false, 0)
  }

  /** Carries messages, some thousands a second, until it is told to stop. */
  carryUntil(stop: () => boolean): Promise<void> {
    return this.#carry(Number.MAX_SAFE_INTEGER, stop, 5)
  }

  async #carry(goal: number, stop: () => boolean, pause_ms: number): Promise<void> {
    while (!stop() && (this.#position ?? 0) < goal) {
      if (pause_ms > 0) await sleep(pause_ms)
      try {
        if (!this.#known) {
          const before = this.#position
          this.#position = await mark(this.#store, this.#group)
          this.#known = true
          if ((this.#position ?? 0) < (before ?? 0)) this.replays++
          if (this.#position === null && before !== null) this.lost++
        }
        const from = this.#position
        const offset = Math.min(goal, (from ?? 0) + BATCH)
        const appends = []
        for (let n = from ?? 0; n < offset; n++) {
          for (const key of keysOf(n)) appends.push({ key, rows: row(n), expires_at_ms: null })
        }
        await this.#store.append(appends, [{ group: this.#group, topic: 't', partition: 0, from, offset }])
        this.#position = offset
      } catch (error) {
        if ((error as { retryable?: boolean }).retryable === false) throw error
        this.#known = false
        const code = (error as { code?: string }).code ?? String(error)
        if (this.troubles.at(-1) !== code) this.troubles.push(code)
        if (!(error instanceof MarkMovedError)) await sleep(20)
      }
    }
  }
}

export async function mark(store: OnlineStore, group = 'g'): Promise<number | null> {
  return (await store.marks(group))[0]?.offset ?? null
}

/** The messages below a mark that are not there. Throws where the store does. */
export async function missing(store: OnlineStore, below: number): Promise<number[]> {
  const held = (await store.read(KEYS)).map((bytes) => new Set(numbers(bytes) ?? []))
  const found: number[] = []
  for (let n = 0; n < below; n++) {
    if (!keysOf(n).every((key) => held[KEYS.indexOf(key)]!.has(n))) found.push(n)
  }
  return found
}

/** Looks that prove something without which {@link watch} does not stop: a busy machine may come to few. */
const LOOKS_MIN = 5

/**
 * Looks again and again whether the mark proves more than is there, until told to stop. Looks that meet an error, or after which
 * the mark is lower, prove nothing. Answers how many did.
 */
export async function watch(store: OnlineStore, stop: () => boolean): Promise<number> {
  let looks = 0
  while (!stop() || looks < LOOKS_MIN) {
    try {
      const before = (await mark(store)) ?? 0
      const lost = await missing(store, before)
      const after = (await mark(store)) ?? 0
      if (after < before) continue
      if (lost.length > 0)
        throw new Lost(`the mark is ${before}, and ${lost.length} below it are missing: ${lost[0]}...`)
      looks++
    } catch (error) {
      if (error instanceof Lost) throw error
    }
    await sleep(5)
  }
  return looks
}

class Lost extends Error {}

function keysOf(n: number): [string, string] {
  return [KEYS[n % KEYS.length]!, KEYS[(n * 7 + 3) % KEYS.length]!]
}
