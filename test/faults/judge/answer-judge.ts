import type { Model } from '../../../src/features/model.ts'
import type { Payment } from '../world/payment.ts'
import { candidatesOf } from './candidates.ts'
import { type Candidates, type EntityKey, entityKeyOf, type Ledger } from './ledger.ts'
import type { Tally } from './tally.ts'
import { judgeCeiling, judgeValue } from './verdict.ts'

/** A service's answer, as its HTTP API gives it. */
export interface Answer {
  readonly as_of: number
  readonly features: Readonly<Record<string, unknown>>
  readonly status: Readonly<Record<string, string>>
  readonly watermarks: Readonly<Record<string, number | null>>
}

/** What was asked of a service. */
export interface Question {
  readonly card_id: string
  readonly merchant_id: string
  /** Null: the present of the process that answers, or the event's time. */
  readonly at_ms: number | null
  /** The payment that is scored, in the form in which it counts. */
  readonly current: Payment | null
}

/** Holds answers to the oracle, by what the ledger says was sent. Does no I/O. */
export class AnswerJudge {
  readonly #ledger: Ledger
  readonly #tally: Tally

  constructor(ledger: Ledger, tally: Tally) {
    this.#ledger = ledger
    this.#tally = tally
  }

  /**
   * Judges an answer that arrived just now; answers whether every value was ok and, where `exactly`, exact. `from` names who
   * answered.
   */
  judge(model: Model, question: Question, answer: Answer, from: string, exactly = false): boolean {
    const tally = this.#tally
    tally.answers++
    const watermark_ms = answer.watermarks.payments ?? null
    const expected_ms = question.at_ms ?? question.current?.time_ms ?? answer.as_of
    const arrived_ms = Date.now()
    const known = new Known(this.#ledger, watermark_ms)
    let good = true
    const wrong = (feature: string, entity: string, value: unknown, expected: string, status: string) => {
      good = false
      tally.addWrong({
        feature,
        entity,
        value,
        expected,
        status,
        at_ms: answer.as_of,
        watermark_ms,
        arrived_ms,
        from,
      })
    }
    if (answer.as_of !== expected_ms) wrong('as_of', '', answer.as_of, String(expected_ms), 'ok')
    for (const feature of model.features.values()) {
      const entity = entityKeyOf(feature.timeline.entity.name, question.card_id, question.merchant_id)
      const value = answer.features[feature.name]
      const status = answer.status[feature.name] ?? 'ok'
      const asked = { feature, at_ms: answer.as_of, current: question.current }
      if (value === undefined) {
        wrong(feature.name, entity, value, 'a value', status)
        continue
      }
      if (status !== 'ok') {
        good = false
        tally.add(tally.notOk, status)
        const verdict = judgeCeiling(value, asked, known.possible(entity))
        if (verdict.kind === 'wrong') wrong(feature.name, entity, value, verdict.expected, status)
        continue
      }
      const verdict = judgeValue(value, asked, known.candidates(entity))
      if (verdict.kind === 'wrong') wrong(feature.name, entity, value, verdict.expected, status)
      else {
        tally[verdict.kind]++
        if (exactly && verdict.kind !== 'exact') good = false
      }
    }
    return good
  }
}

/** The candidates of the entities that one answer is about, each worked out once. */
class Known {
  readonly #ledger: Ledger
  readonly #watermark_ms: number | null
  readonly #candidates = new Map<EntityKey, Candidates[]>()
  readonly #possible = new Map<EntityKey, Candidates[]>()

  constructor(ledger: Ledger, watermark_ms: number | null) {
    this.#ledger = ledger
    this.#watermark_ms = watermark_ms
  }

  candidates(key: EntityKey): readonly Candidates[] {
    return this.#once(this.#candidates, key, this.#watermark_ms)
  }

  possible(key: EntityKey): readonly Candidates[] {
    return this.#once(this.#possible, key, null)
  }

  #once(map: Map<EntityKey, Candidates[]>, key: EntityKey, watermark_ms: number | null): readonly Candidates[] {
    const known = map.get(key)
    if (known !== undefined) return known
    const found = candidatesOf(this.#ledger.slots(key), watermark_ms)
    map.set(key, found)
    return found
  }
}
