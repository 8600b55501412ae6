import type { FeatureModel, Model, ServiceModel } from '../features/model.ts'
import { namesCure } from '../features/nearest-name.ts'
import { timelineName } from '../features/timeline-name.ts'
import type { TimelineKey } from '../stores/online-store.ts'
import { timelineCoveredSince } from '../stores/timeline-registry.ts'
import { RowError } from '../timeline/row-codec.ts'
import { type Answer, AnswerWriter } from './answer-writer.ts'
import { type FeatureEvents, type FeatureQuestion, featureEvents, readFeatureQuestion } from './feature-events.ts'
import { type FeatureHealth, featureHealth } from './feature-health.ts'
import { type PlanListeners, ServicePlan } from './service-plan.ts'
import type { ServiceQuestion } from './service-request.ts'
import { ServingError } from './serving-error.ts'
import { type Present, type StoredTimelines, StoreReader, type StoreReaderOptions } from './store-reader.ts'
import type { Vector } from './timeline-reader.ts'
import { type VectorForm, vectorRefusal } from './vector-form.ts'
import { type VectorAnswer, VectorWriter } from './vector-writer.ts'

export interface VectorServiceOptions extends StoreReaderOptions, PlanListeners {
  readonly model: Model
}

interface Compiled {
  readonly plan: ServicePlan
  readonly writer: AnswerWriter
  /** Or why the service has no vector mode. */
  readonly numbers: VectorWriter | ServingError
}

/** How values are answered: by name, or as numbers in a declared order. */
export type AnswerFormat = 'object' | 'vector'

type Write<T> = (compiled: Compiled, vector: Vector, watermarks: Present['watermarks']) => T

/** Answers what services are asked, from the online store: one read for each call, however many timelines or rows. */
export class VectorService {
  readonly #options: VectorServiceOptions
  readonly #reader: StoreReader
  readonly #services = new Map<string, Compiled>()
  /** The epoch of the records that the plans were made from. */
  #epoch = -1

  constructor(options: VectorServiceOptions) {
    this.#options = options
    this.#reader = new StoreReader(options)
    for (const service of options.model.services.values()) this.#add(service)
  }

  /**
   * Looks again at what the store knows of its timelines. To be called before the first question, about each second, and after
   * a backfill. Throws what the store throws; answers go on from what was known.
   */
  async refresh(): Promise<void> {
    const { records } = this.#reader
    await records.refresh()
    if (this.#epoch === records.epoch) return
    this.#epoch = records.epoch
    for (const { plan } of this.#services.values()) plan.update(records.all)
  }

  /** Why some service cannot be answered, in sentences; none where all can. */
  unready(): string[] {
    const reasons = new Set<string>()
    for (const { plan } of this.#services.values()) {
      try {
        plan.assertReady()
      } catch (error) {
        reasons.add((error as ServingError).message)
      }
    }
    return [...reasons]
  }

  /** Whether each timeline, as people know it, is complete for all windows that are asked of it now. */
  coverage(): [timeline: string, ok: boolean][] {
    const { model, now } = this.#options
    return [...model.timelines.values()].map((timeline) => {
      const record = this.#reader.records.all.get(timeline.fingerprint)
      const since_ms = record === undefined ? null : timelineCoveredSince(record, timeline)
      const features = [...model.features.values()].filter((feature) => feature.timeline === timeline)
      const reach_ms = Math.max(0, ...features.map(({ window_ms, delay_ms }) => window_ms + delay_ms))
      const ok = since_ms !== null && since_ms <= now() - reach_ms
      return [timelineName(timeline), ok]
    })
  }

  /** How far each feature may be trusted now, by its name. */
  health(): Map<string, FeatureHealth> {
    const { model, now, clock, watermark } = this.#options
    const at = { now_ms: now(), prunes: clock === 'wall' }
    return new Map(
      [...model.features.values()].map((feature) => {
        const { fingerprint, source } = feature.timeline
        const record = this.#reader.records.all.get(fingerprint) ?? null
        return [feature.name, featureHealth(feature, record, watermark(source.name), at)]
      }),
    )
  }

  /** The answer to one request. Throws a ServingError. */
  answer(service: string, request: unknown): Promise<Answer> {
    return this.#one(service, request, writeObject)
  }

  /** The same as JSON. */
  async answerText(service: string, request: unknown, format: AnswerFormat = 'object'): Promise<string> {
    return this.#one(service, request, format === 'object' ? writeText : this.#fit(service, writeNumberText))
  }

  /** The numbers of the answer to one request, in the order of {@link vectorForm}. Throws a ServingError. */
  async numbers(service: string, request: unknown): Promise<VectorAnswer> {
    return this.#one(service, request, this.#fit(service, writeNumbers))
  }

  /** The order of a service's numbers. Throws a ServingError where the service has a value that is none. */
  vectorForm(service: string): VectorForm {
    return numbersOf(this.#compiled(service)).form
  }

  /** An answer or an error for each request. Throws a ServingError where none can be answered. */
  answerBatch(service: string, requests: readonly unknown[]): Promise<(Answer | ServingError)[]> {
    return this.#batch(service, requests, writeObject)
  }

  /** The same with answers as JSON. */
  async answerBatchText(
    service: string,
    requests: readonly unknown[],
    format: AnswerFormat = 'object',
  ): Promise<(string | ServingError)[]> {
    return this.#batch(service, requests, format === 'object' ? writeText : this.#fit(service, writeNumberText))
  }

  /** The value of a feature, by its served name, and the events behind it. Throws a ServingError. */
  async featureEvents(name: string, request: unknown): Promise<FeatureEvents> {
    const { features } = this.#options.model
    const feature = features.get(name)
    if (feature === undefined) {
      const cure = namesCure(name, features.keys())
      throw new ServingError('FEATURE_UNKNOWN', `there is no feature '${name}'`, { cure })
    }
    return this.#featureEvents(feature, readFeatureQuestion(feature, request))
  }

  async #featureEvents(feature: FeatureModel, question: FeatureQuestion, last = false): Promise<FeatureEvents> {
    const { timeline } = feature
    const keys = question.key === null ? [] : [question.key]
    const { present, stored } = await this.#reader.read(keys, [timeline.source.name])
    try {
      const record = this.#reader.records.all.get(timeline.fingerprint) ?? null
      return featureEvents(feature, record, question, stored[0] ?? null, present, last)
    } catch (error) {
      if (!(error instanceof RowError)) throw error
      await this.refresh()
      return this.#featureEvents(feature, question, true)
    }
  }

  #add(service: ServiceModel): void {
    const plan = new ServicePlan(service, this.#options)
    const numbers = vectorRefusal(service) ?? new VectorWriter(plan, this.#options.onDeriveFailure)
    this.#services.set(service.name, { plan, writer: new AnswerWriter(plan), numbers })
  }

  /** A way of writing numbers; throws a ServingError, before anything is read, where the service has none. */
  #fit<T>(service: string, write: Write<T>): Write<T> {
    numbersOf(this.#compiled(service))
    return write
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
    const read = await this.#reader.read(presentKeys(question), compiled.plan.sources)
    try {
      return answerOf(compiled, question, read, 0, false, write)
    } catch (error) {
      if (!(error instanceof RowError)) throw error
      return this.#again(compiled, question, write)
    }
  }

  async #batch<T>(service: string, requests: readonly unknown[], write: Write<T>): Promise<(T | ServingError)[]> {
    const compiled = this.#compiled(service)
    const { plan } = compiled
    const questions = requests.map((request) => orServingError(() => plan.requests.read(request)))
    const keys = questions.flatMap((question) => (question instanceof ServingError ? [] : presentKeys(question)))
    const read = await this.#reader.read(keys, plan.sources)
    plan.assertReady()
    const answers: (T | ServingError)[] = []
    let first = 0
    for (const question of questions) {
      if (question instanceof ServingError) {
        answers.push(question)
        continue
      }
      try {
        answers.push(orServingError(() => answerOf(compiled, question, read, first, false, write)))
      } catch (error) {
        if (!(error instanceof RowError)) throw error
        answers.push(await this.#again(compiled, question, write))
      }
      first += presentKeys(question).length
    }
    return answers
  }

  /**
   * Asks for a second time, after a refresh, where a row was of a schema that is not known; if it is unknown still, its features
   * have the status `error`.
   */
  async #again<T>(compiled: Compiled, question: ServiceQuestion, write: Write<T>): Promise<T> {
    await this.refresh()
    const read = await this.#reader.read(presentKeys(question), compiled.plan.sources)
    return answerOf(compiled, question, read, 0, true, write)
  }
}

/** Computes an answer and writes it, without a pause in between: the vector is the plan's own, and the next answer overwrites it. */
function answerOf<T>(
  compiled: Compiled,
  question: ServiceQuestion,
  { present, stored }: StoredTimelines,
  first: number,
  last: boolean,
  write: Write<T>,
): T {
  compiled.plan.assertReady()
  compiled.plan.compute(question, stored, first, present, last)
  return write(compiled, compiled.plan.vector, present.watermarks)
}

/** The keys that are not null: those that are read. */
function presentKeys({ keys }: ServiceQuestion): readonly TimelineKey[] {
  return keys.includes(null) ? keys.filter((key) => key !== null) : (keys as readonly TimelineKey[])
}

function orServingError<T>(make: () => T): T | ServingError {
  try {
    return make()
  } catch (error) {
    if (error instanceof ServingError) return error
    throw error
  }
}

const writeObject: Write<Answer> = ({ writer }, vector, watermarks) => writer.object(vector, watermarks)
const writeText: Write<string> = ({ writer }, vector, watermarks) => writer.text(vector, watermarks)
const writeNumbers: Write<VectorAnswer> = (compiled, vector, watermarks) =>
  numbersOf(compiled).object(vector, watermarks)
const writeNumberText: Write<string> = (compiled, vector, watermarks) => numbersOf(compiled).text(vector, watermarks)

function numbersOf({ numbers }: Compiled): VectorWriter {
  if (numbers instanceof ServingError) throw numbers
  return numbers
}
