import type { FeatureValue } from '../timeline/aggregate.ts'
import { AnswerTail, type Trust } from './answer-tail.ts'
import type { DeriveFailure } from './derived-values.ts'
import { ERROR } from './feature-status.ts'
import type { ServicePlan } from './service-plan.ts'
import type { Vector } from './timeline-reader.ts'
import { type VectorForm, vectorForm } from './vector-form.ts'

/** What a service answers in vector mode. */
export interface VectorAnswer extends Trust {
  readonly service: string
  readonly version: string
  /** Of the names: see {@link VectorForm}. */
  readonly fingerprint: string
  /** The instant that the values are for, in epoch milliseconds. */
  readonly as_of: number
  /** In the order of the names. True is 1, false is 0; an integer past 2^53 is the nearest number. */
  readonly values: readonly (number | null)[]
}

/** Turns vectors of one service into numbers. For services of which `vectorRefusal` says nothing. */
export class VectorWriter {
  readonly form: VectorForm
  readonly #head: string
  readonly #tail: AnswerTail
  readonly #firstDerived: number
  readonly #onDeriveFailure: DeriveFailure | undefined

  constructor(plan: ServicePlan, onDeriveFailure?: DeriveFailure) {
    this.form = vectorForm(plan.service)
    const { service, version, fingerprint } = this.form
    const head = JSON.stringify({ service, version, fingerprint })
    this.#head = `${head.slice(0, -1)},"as_of":`
    this.#tail = new AnswerTail(plan)
    this.#firstDerived = plan.service.features.length
    this.#onDeriveFailure = onDeriveFailure
  }

  /** The answer as JSON: the very text that `JSON.stringify` gives of {@link object}. */
  text(vector: Vector, watermarks: readonly (number | null)[]): string {
    this.#refuseTexts(vector)
    const { values } = vector
    let text = `${this.#head}${vector.at_ms},"values":[`
    for (let i = 0; i < values.length; i++) text += `${i === 0 ? '' : ','}${numberOf(values[i]!)}`
    return `${text}],${this.#tail.text(vector, watermarks)}}`
  }

  /** The answer as a plain object. */
  object(vector: Vector, watermarks: readonly (number | null)[]): VectorAnswer {
    this.#refuseTexts(vector)
    const { service, version, fingerprint } = this.form
    const values = vector.values.map(numberOf)
    return { service, version, fingerprint, as_of: vector.at_ms, values, ...this.#tail.object(vector, watermarks) }
  }

  /** A derived value may turn out to be a text, which no number stands for. */
  #refuseTexts(vector: Vector): void {
    const { values, statuses } = vector
    for (let i = this.#firstDerived; i < values.length; i++) {
      if (typeof values[i] !== 'string') continue
      values[i] = null
      statuses[i] = ERROR
      vector.flawed = true
      if (this.#onDeriveFailure === undefined) continue
      const name = this.form.names[i]!
      this.#onDeriveFailure(name, new TypeError(`${name} gave a text: a vector holds numbers, booleans and null`))
    }
  }
}

/** Integers past 2^53 become the nearest double, as every model runtime would make of them. */
function numberOf(value: FeatureValue): number | null {
  switch (typeof value) {
    case 'number':
      return value
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return Number(value)
    default:
      return null
  }
}
