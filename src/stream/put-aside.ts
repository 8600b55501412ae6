import type { SourceModel } from '../features/model.ts'
import type { Quarantined } from '../stores/quarantine.ts'
import type { TopicStreamOptions } from './topic-stream-options.ts'

/** Keeps events aside before the marks move past them: once, also where a store that is full refuses their batch again and again. */
export class PutAside {
  readonly #onQuarantine: TopicStreamOptions['onQuarantine']
  /** Where those are of the batch that has not arrived yet. */
  readonly #places = new Set<string>()

  constructor(onQuarantine: TopicStreamOptions['onQuarantine']) {
    this.#onQuarantine = onQuarantine
  }

  async add(source: SourceModel, refused: readonly Quarantined[]): Promise<void> {
    const fresh = refused.filter((event) => !this.#places.has(placeOf(event)))
    if (fresh.length === 0) return
    await this.#onQuarantine(source, fresh)
    for (const event of fresh) this.#places.add(placeOf(event))
  }

  /** The batch has arrived, or offsets stand for other messages from now on. */
  clear(): void {
    this.#places.clear()
  }
}

const placeOf = ({ source, partition, offset }: Quarantined): string => `${partition}/${offset}/${source}`
