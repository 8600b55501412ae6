import type { ClockMode } from '../features/clock.ts'
import type { Model, ServiceModel, TimelineModel } from '../features/model.ts'
import type { OnlineStore, TimelineKey } from '../stores/online-store.ts'
import { RowError } from '../timeline/row-codec.ts'
import { type Answer, AnswerWriter } from './answer-writer.ts'
import { namesCure } from './nearest-name.ts'
import { type Present, ServicePlan } from './service-plan.ts'
import type { ServiceQuestion } from './service-request.ts'
import { ServingError } from './serving-error.ts'
import type { Vector } from './timeline-reader.ts'
import { TimelineRecords } from './timeline-records.ts'

export interface VectorServiceOptions {
  readonly model: Model
  readonly store: OnlineStore
  /** What "now" means, in epoch milliseconds: the instant of an answer whose request gives none. */
  readonly now: () => number
  readonly clock: ClockMode
  /** By source: every event that reached the log before this instant is in the store; null: not known. */
  readonly watermark: (source: string) => number | null
  /** Told of a timeline whose rows a reader had to sort or found more than once: it is worth a compaction. */
  readonly onUntidy?: (key: TimelineKey, timeline: TimelineModel) => void
}

interface Compiled {
  readonly plan: ServicePlan
  readonly writer: AnswerWriter
}

type Write<T> = (compiled: Compiled, vector: Vector, watermarks: Present['watermarks']) => T

/** Answers what services are asked, from the online store: one read for each call, however many timelines or rows. */
export class VectorService {
  readonly records: TimelineRecords
  readonly #options: VectorServiceOptions
  readonly #services = new Map<string, Compiled>()
  /** The epoch of the records that the plans were made from. */
  #epoch = -1

  constructor(options: VectorServiceOptions) {
    this.#options = options
    this.records = new TimelineRecords(options.store)
    for (const service of options.model.services.values()) this.#add(service)
  }

  /**
   * Looks again at what the store knows of its timelines. To be called before the first question, about each second, and after
   * a backfill. Throws what the store throws; answers go on from what was known.
   */
  async refresh(): Promise<void> {
    await this.records.refresh()
    if (this.#epoch === this.records.epoch) return
    this.#epoch = this.records.epoch
    for (const { plan } of this.#services.values()) plan.update(this.records.all)
  }

  /** The answer to one request. Throws a ServingError. */
  async answer(service: string, request: unknown): Promise<Answer> {
    return this.#one(service, request, writeObject)
  }

  /** The same as JSON. */
  async answerText(service: string, request: unknown): Promise<string> {
    return this.#one(service, request, writeText)
  }

  /** An answer or an error for each request. Throws a ServingError where none can be answered. */
  answerBatch(service: string, requests: readonly unknown[]): Promise<(Answer | ServingError)[]> {
    return this.#batch(service, requests, writeObject)
  }

  /** The same with answers as JSON. */
  answerBatchText(service: string, requests: readonly unknown[]): Promise<(string | ServingError)[]> {
    return this.#batch(service, requests, writeText)
  }

  #add(service: ServiceModel): void {
    const plan = new ServicePlan(service, this.#options.onUntidy)
    this.#services.set(service.name, { plan, writer: new AnswerWriter(plan) })
  }

  #compiled(service: string): Compiled {
    const compiled = this.#services.get(service)
    if (compiled === undefined) {
      const cure = namesCure(service, this.#services.keys())
      throw new ServingError('SERVICE_UNKNOWN', `there is no service '${service}'`, { cure })
    }
    return compiled
  }

  async #one<T>(service: string, request: unknown, write: Write<T>): Promise<T> {
    const compiled = this.#compiled(service)
    const question = compiled.plan.requests.read(request)
    const [answer] = await this.#answers(compiled, [question], write)
    if (answer instanceof ServingError) throw answer
    return answer as T
  }

  async #batch<T>(service: string, requests: readonly unknown[], write: Write<T>): Promise<(T | ServingError)[]> {
    const compiled = this.#compiled(service)
    const questions = requests.map((request) => {
      try {
        return compiled.plan.requests.read(request)
      } catch (error) {
        if (error instanceof ServingError) return error
        throw error
      }
    })
    const asked = questions.filter((question): question is ServiceQuestion => !(question instanceof ServingError))
    const answers = await this.#answers(compiled, asked, write)
    let next = 0
    return questions.map((question) => (question instanceof ServingError ? question : answers[next++]!))
  }

  /**
   * Each question's answer. `again`: rows of a schema that was unknown are asked for a second time, after a refresh; if it is
   * unknown still, their features have the status `error`.
   */
  async #answers<T>(
    compiled: Compiled,
    questions: readonly ServiceQuestion[],
    write: Write<T>,
    again = false,
  ): Promise<(T | ServingError)[]> {
    const { plan } = compiled
    const keys: TimelineKey[] = []
    for (const question of questions) for (const key of question.keys) if (key !== null) keys.push(key)
    const { present, stored } = await this.#read(plan, keys)
    plan.assertReady()
    const answers: (T | ServingError)[] = []
    let first = 0
    for (const question of questions) {
      try {
        // Nothing may be awaited between these two, as the vector is the plan's own.
        plan.compute(question, stored, first, present, again)
        answers.push(write(compiled, plan.vector, present.watermarks))
      } catch (error) {
        if (error instanceof ServingError) answers.push(error)
        else if (!(error instanceof RowError)) throw error
        else {
          await this.refresh()
          answers.push(...(await this.#answers(compiled, [question], write, true)))
        }
      }
      for (const key of question.keys) if (key !== null) first++
    }
    return answers
  }

  /** The bytes of timelines, with what was true before they were read: whatever is claimed of them holds. */
  async #read(
    plan: ServicePlan,
    keys: readonly TimelineKey[],
  ): Promise<{ present: Present; stored: readonly (Uint8Array | null)[] }> {
    const { store, now, clock, watermark } = this.#options
    for (;;) {
      const epoch = this.#epoch
      const present = { now_ms: now(), prunes: clock === 'wall', watermarks: plan.sources.map(watermark) }
      try {
        const stored = await store.read(keys)
        // Coverage that came while reading may be of rows that were not there yet.
        if (epoch === this.#epoch) return { present, stored }
      } catch (cause) {
        const cure = 'ask again: nothing is wrong with the request'
        throw new ServingError('STORE_FAILED', 'the online store could not be read', { cure, cause })
      }
    }
  }
}

const writeObject: Write<Answer> = ({ writer }, vector, watermarks) => writer.object(vector, watermarks)
const writeText: Write<string> = ({ writer }, vector, watermarks) => writer.text(vector, watermarks)
