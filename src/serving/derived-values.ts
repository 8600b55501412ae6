import { showValue } from '../features/event-error.ts'
import { eventSeen } from '../features/event-seen.ts'
import type { ParsedEvent, ServiceModel } from '../features/model.ts'
import { type FeatureValue, isMap } from '../timeline/aggregate.ts'
import { ERROR, OK } from './feature-status.ts'
import type { Vector } from './timeline-reader.ts'

/** Told of a function that threw, or gave what cannot be served. What it throws itself, the caller of the answer gets. */
export type DeriveFailure = (name: string, error: unknown) => void

type Compute = (input: Readonly<Record<string, unknown>>) => unknown

/**
 * Runs the functions of a service's `derive`. A derived value is as good as the worst feature that it read: no function of a
 * value that could not be computed is passed off as one of nothing.
 */
export class DerivedValues {
  readonly #functions: readonly { readonly name: string; readonly compute: Compute }[]
  readonly #onFailure: DeriveFailure | undefined
  readonly #first: number
  readonly #seenEvent: ReturnType<typeof eventSeen> | null
  readonly #features: object
  #vector: Vector | null = null
  /** The worst status among the features that the function at work has read. */
  #worst = OK

  /** Derived values have the slots behind those of the features. */
  constructor(service: ServiceModel, onFailure?: DeriveFailure) {
    this.#functions = service.derive.map(({ name, compute }) => ({ name, compute: compute as Compute }))
    this.#onFailure = onFailure
    this.#first = service.features.length
    this.#seenEvent = service.event === null ? null : eventSeen(service.event.columns, service.event.notYetKnown)
    const features: object = Object.create(null)
    for (const [slot, { name }] of service.features.entries()) {
      Object.defineProperty(features, name, { enumerable: true, get: () => this.#read(slot) })
    }
    this.#features = Object.freeze(features)
  }

  compute(vector: Vector, event: ParsedEvent | null, request: unknown): void {
    if (this.#functions.length === 0) return
    this.#vector = vector
    const input: Record<string, unknown> = { f: this.#features }
    if (event !== null) input.event = this.#seenEvent!(event.values)
    if (request !== undefined) input.request = request
    for (let i = 0; i < this.#functions.length; i++) {
      this.#worst = OK
      const value = this.#run(i, input)
      const status = value === undefined ? ERROR : this.#worst
      const slot = this.#first + i
      vector.values[slot] = status === ERROR ? null : value!
      vector.statuses[slot] = status
      if (status !== OK) vector.flawed = true
    }
  }

  #run(i: number, input: Readonly<Record<string, unknown>>): string | number | boolean | null | undefined {
    const { name, compute } = this.#functions[i]!
    let given: unknown
    try {
      given = compute(input)
    } catch (error) {
      this.#onFailure?.(name, error)
      return undefined
    }
    const value = scalar(given)
    if (value === undefined && this.#onFailure !== undefined) {
      const message = `${name} gave ${showValue(given)}: a derived value is a finite number, a string, a boolean or null`
      this.#onFailure(name, new TypeError(message))
    }
    return value
  }

  #read(slot: number): unknown {
    const { values, statuses } = this.#vector!
    if (statuses[slot]! > this.#worst) this.#worst = statuses[slot]!
    return rounded(values[slot]!)
  }
}

/** A value as functions see it: integers past 2^53 as the nearest number. */
function rounded(value: FeatureValue): unknown {
  if (!isMap(value)) return typeof value === 'bigint' ? Number(value) : value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]))
}

/** What may be served of what a function gave; undefined for anything else. */
function scalar(value: unknown): string | number | boolean | null | undefined {
  // Adding 0 makes -0 a 0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined
  return value === null || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}
