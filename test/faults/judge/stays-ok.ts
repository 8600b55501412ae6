import type { Model } from '../../../src/features/model.ts'
import type { Answer, Question } from './answer-judge.ts'
import { entityKeyOf } from './ledger.ts'
import type { Tally } from './tally.ts'

/** Questions about the present only: what is asked of the past may reach before what is covered. */
const PRESENT_MS = 60_000

/** While it is on: a value of an entity that was ok once must be ok in every later answer of the same process. */
export class StaysOk {
  readonly #tally: Tally
  /** When it was first known to be ok, by process, feature and entity. */
  readonly #since = new Map<string, number>()
  #on = false

  constructor(tally: Tally) {
    this.#tally = tally
  }

  /** From now on nothing is broken. */
  on(): void {
    this.#since.clear()
    this.#on = true
  }

  off(): void {
    this.#on = false
  }

  /** How many values were ok at least once. */
  get watched(): number {
    return this.#since.size
  }

  /** Looks at an answer that just arrived, to a question that was sent at `begun_ms`. */
  look(from: string, model: Model, question: Question, answer: Answer, begun_ms: number): void {
    if (!this.#on || Math.abs(answer.as_of - Date.now()) > PRESENT_MS) return
    for (const feature of model.features.values()) {
      const entity = entityKeyOf(feature.timeline.entity.name, question.card_id, question.merchant_id)
      const key = `${from} ${feature.name} ${entity}`
      const status = answer.status[feature.name] ?? 'ok'
      const since_ms = this.#since.get(key)
      if (status === 'ok') {
        if (since_ms === undefined) this.#since.set(key, Date.now())
      } else if (since_ms !== undefined && begun_ms > since_ms) {
        this.#tally.addWrong({
          feature: feature.name,
          entity,
          value: answer.features[feature.name],
          expected: 'ok, as it was before and nothing was broken since',
          status,
          at_ms: answer.as_of,
          watermark_ms: answer.watermarks.payments ?? null,
          arrived_ms: Date.now(),
          from,
        })
      }
    }
  }
}
