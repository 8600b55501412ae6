import { setTimeout as sleep } from 'node:timers/promises'
import type { Model } from '../../../src/features/model.ts'
import { SeededRandom } from '../../stores/seeded-random.ts'
import { scoredForm, scoredJson } from '../world/payment.ts'
import type { Traffic } from '../world/traffic.ts'
import { LOOKBACK_MS } from '../world/world.ts'
import { type Answer, AnswerJudge, type Question } from './answer-judge.ts'
import { diagnose } from './diagnosis.ts'
import type { Ledger } from './ledger.ts'
import { StaysOk } from './stays-ok.ts'
import { Tally } from './tally.ts'

/** Questions asked at the same time. */
const ASKERS = 2
const PAUSE_MS = 40
const PATIENCE_MS = 10_000
const BATCH_MAX = 12
const SETTLE_POLL_MS = 500

/** Questions asked at the end, when all must be ok and exact, beside one for every pair. */
const LAST_QUESTIONS = 60

/** Wrong values that are looked into, as that takes questions of its own. */
const DIAGNOSED_MAX = 10

/** Rows of one batch at the end. */
const LAST_ROWS = 100

/** A process that answers, and what it was started with. */
export interface Target {
  readonly name: string
  /** Null: it does not run. */
  readonly url: string | null
  readonly model: Model
}

export interface JudgeOptions {
  readonly ledger: Ledger
  readonly traffic: Traffic
  readonly seed: number
}

/** Asks services without a pause and holds every answer to the oracle. */
export class Judge {
  readonly tally = new Tally()
  readonly targets = new Set<Target>()
  readonly stays: StaysOk
  readonly #ledger: Ledger
  readonly #traffic: Traffic
  readonly #random: SeededRandom
  readonly #answers: AnswerJudge
  #running: Promise<unknown> | null = null
  #open = false
  #diagnosed = 0

  constructor({ ledger, traffic, seed }: JudgeOptions) {
    this.#ledger = ledger
    this.#traffic = traffic
    this.#random = new SeededRandom(seed)
    this.#answers = new AnswerJudge(ledger, this.tally)
    this.stays = new StaysOk(this.tally)
  }

  start(): void {
    this.#open = true
    const ask = async () => {
      while (this.#open) {
        const targets = [...this.targets].filter(({ url }) => url !== null)
        if (targets.length > 0) await this.ask(this.#random.pick(targets))
        await sleep(PAUSE_MS)
      }
    }
    this.#running = Promise.all(Array.from({ length: ASKERS }, ask))
  }

  async stop(): Promise<void> {
    this.#open = false
    await this.#running
  }

  /** Asks something at random. Answers whether all of it was ok and, where `exactly`, exact. */
  async ask(target: Target, exactly = false): Promise<boolean> {
    if (this.#random.below(4) === 0) {
      const rows = 1 + this.#random.below(BATCH_MAX)
      const questions = Array.from({ length: rows }, () => this.#question(false))
      return this.askAll(target, 'by_keys', questions, exactly)
    }
    return this.askAll(target, null, [this.#question(this.#random.below(3) === 0)], exactly)
  }

  /** Asks one question by itself where `batched` is null, else all as a batch of that service. */
  async askAll(
    target: Target,
    batched: string | null,
    questions: readonly Question[],
    exactly = false,
  ): Promise<boolean> {
    const service = batched ?? (questions[0]!.current === null ? 'by_keys' : 'scored')
    const bodies = questions.map(requestOf)
    const begun_ms = Date.now()
    const path = `/v1/services/${service}${batched === null ? '' : '/batch'}`
    const body = await this.#post(target, path, batched === null ? bodies[0] : { rows: bodies })
    if (body === null) return false
    const answers = (batched === null ? [body] : (body as { rows: unknown[] }).rows) as readonly Answer[]
    let good = answers.length === questions.length
    for (const [i, question] of questions.entries()) {
      const answer = answers[i]
      if (answer === undefined || !('features' in answer)) {
        this.tally.add(this.tally.failed, `row ${JSON.stringify(answer).slice(0, 80)}`)
        good = false
        continue
      }
      if (!this.#answers.judge(target.model, question, answer, target.name, exactly)) good = false
      this.stays.look(target.name, target.model, question, answer, begun_ms)
    }
    for (const wrong of this.tally.wrong.slice(this.#diagnosed, DIAGNOSED_MAX)) {
      this.#diagnosed++
      if (target.url === null) continue
      wrong.behind = await diagnose(target.url, wrong, this.#ledger).catch((error: unknown) => [String(error)])
    }
    return good
  }

  /**
   * After the last event was acknowledged: resolves as soon as every feature of every entity is ok and exact at every target, now, in the
   * past and for scored events. Throws a sentence where that is not so within the limit.
   */
  async settle(limit_ms: number): Promise<void> {
    const unacknowledged = this.#ledger.unacknowledged.length
    if (unacknowledged > 0)
      throw new Error(`${unacknowledged} events were never acknowledged: the producer must settle`)
    const until = Date.now() + limit_ms
    for (const target of this.targets) {
      if (target.url === null) continue
      while (!(await this.#allGood(target))) {
        if (this.tally.wrongCount > 0) return
        if (Date.now() > until) {
          throw new Error(
            `after ${limit_ms} ms without traffic ${target.name} still says: ${await this.#complaint(target)}`,
          )
        }
        await sleep(SETTLE_POLL_MS)
      }
    }
  }

  async #allGood(target: Target): Promise<boolean> {
    const at_ms = Date.now()
    const asked = [...this.#ledger.pairs.values()].map((pair): Question => ({ ...pair, at_ms, current: null }))
    // One question first: as long as it is not good, the others need not be asked.
    if (!(await this.askAll(target, 'by_keys', asked.slice(0, 1), true))) return false
    for (let from = 1; from < asked.length; from += LAST_ROWS) {
      if (!(await this.askAll(target, 'by_keys', asked.slice(from, from + LAST_ROWS), true))) return false
    }
    for (let i = 0; i < LAST_QUESTIONS; i++) if (!(await this.ask(target, true))) return false
    return true
  }

  async #complaint(target: Target): Promise<string> {
    const [pair] = this.#ledger.pairs.values()
    const body = await this.#post(target, '/v1/services/by_keys', { keys: pair })
    const answer = body as Answer | null
    if (answer === null) return `nothing (${this.tally.line})`
    const behind_ms = this.#ledger.ackedLast_ms - (answer.watermarks.payments ?? 0)
    return `${JSON.stringify(answer.status)}, watermark ${behind_ms} ms before the last event (${this.tally.line})`
  }

  #question(scores: boolean): Question {
    const now_ms = Date.now()
    const random = this.#random
    const at_ms = random.pick([
      null,
      null,
      now_ms,
      now_ms - random.below(60_000),
      now_ms - random.below(LOOKBACK_MS),
      now_ms + random.below(30_000),
    ])
    if (scores) {
      const sent = this.#ledger.payments
      const known = sent.length > 0 && random.below(3) > 0
      const recent = sent.length - 1 - random.below(Math.min(sent.length, 2_000))
      const payment = known ? sent[recent]! : this.#traffic.unsent(now_ms - random.below(1_000))
      const { card_id, merchant_id } = payment
      // An event so old that it cannot be scored at its own time any more is scored as of now.
      const asOf_ms = at_ms ?? (payment.time_ms < now_ms - LOOKBACK_MS ? now_ms : null)
      return { card_id, merchant_id, at_ms: asOf_ms, current: scoredForm(payment) }
    }
    const pairs = [...this.#ledger.pairs.values()]
    const { card_id, merchant_id } =
      pairs.length === 0 || random.below(20) === 0
        ? { card_id: 'never seen', merchant_id: random.pick(this.#traffic.merchants) }
        : random.pick(pairs)
    return { card_id, merchant_id, at_ms, current: null }
  }

  async #post(target: Target, path: string, body: unknown): Promise<unknown> {
    try {
      const response = await fetch(target.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const text = await response.text()
      if (response.ok) return JSON.parse(text)
      this.tally.add(this.tally.failed, `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`.trim())
      // Only what is temporary may be refused: the questions themselves are right.
      if (response.status < 500) this.tally.addRefused(target.name, path, text)
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } }
      this.tally.add(this.tally.failed, cause?.code ?? name)
    }
    return null
  }
}

function requestOf({ card_id, merchant_id, at_ms, current }: Question): Record<string, unknown> {
  const at = at_ms === null ? {} : { at: at_ms }
  return current === null ? { keys: { card_id, merchant_id }, ...at } : { event: scoredJson(current), ...at }
}
