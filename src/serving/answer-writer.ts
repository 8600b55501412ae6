import { type FeatureMap, type FeatureValue, isMap, type KeyValue } from '../timeline/aggregate.ts'
import { AnswerTail, type Trust } from './answer-tail.ts'
import type { ServicePlan } from './service-plan.ts'
import type { Vector } from './timeline-reader.ts'

type ServedKeyValue = number | string | boolean | null | readonly (number | string | boolean)[]

/** A value as it is sent: an integer past 2^53 is a text of digits; a map by text of its keys. */
export type ServedValue = ServedKeyValue | { readonly [key: string]: ServedKeyValue }

/** What a service answers. */
export interface Answer extends Trust {
  readonly service: string
  readonly version: string
  /** The instant that the values are for, in epoch milliseconds. */
  readonly as_of: number
  readonly features: Readonly<Record<string, ServedValue>>
}

/** Turns vectors of one service into answers. Which text goes between values is decided once. */
export class AnswerWriter {
  readonly #plan: ServicePlan
  readonly #head: string
  /** Before each value: its name, and what ends the value before. */
  readonly #names: readonly string[]
  readonly #tail: AnswerTail

  constructor(plan: ServicePlan) {
    const { name, version } = plan.service
    this.#plan = plan
    this.#head = `{"service":${JSON.stringify(name)},"version":${JSON.stringify(version)},"as_of":`
    this.#names = plan.names.map((name, i) => `${i === 0 ? '' : ','}${JSON.stringify(name)}:`)
    this.#tail = new AnswerTail(plan)
  }

  /** The answer as JSON: the very text that `JSON.stringify` gives of {@link object}, in less than half of its time. */
  text(vector: Vector, watermarks: readonly (number | null)[]): string {
    const { values } = vector
    const names = this.#names
    let text = `${this.#head}${vector.at_ms},"features":{`
    for (let i = 0; i < names.length; i++) text += names[i]! + valueText(values[i]!)
    return `${text}},${this.#tail.text(vector, watermarks)}}`
  }

  /** The answer as a plain object. */
  object(vector: Vector, watermarks: readonly (number | null)[]): Answer {
    const { names, service } = this.#plan
    const features = Object.fromEntries(names.map((name, i) => [name, servedValue(vector.values[i]!)]))
    const { name, version } = service
    return { service: name, version, as_of: vector.at_ms, features, ...this.#tail.object(vector, watermarks) }
  }
}

/** A value as it is sent. */
export function servedValue(value: FeatureValue): ServedValue {
  if (!isMap(value)) return typeof value === 'bigint' ? String(value) : value
  const map: Record<string, ServedKeyValue> = Object.create(null)
  for (const key in value) map[key] = servedValue(value[key]!) as ServedKeyValue
  return map
}

/** Texts that are in JSON what they are, between quotes. */
const PLAIN = /^[ !#-[\]-~]*$/

function valueText(value: FeatureValue): string {
  switch (typeof value) {
    case 'number':
      return `${value}`
    case 'string':
      return textText(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return `"${value}"`
    default:
      return value === null ? 'null' : isMap(value) ? mapText(value) : listText(value)
  }
}

function textText(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value)
}

function mapText(map: FeatureMap): string {
  let text = ''
  for (const key in map) text += `${text === '' ? '' : ','}${textText(key)}:${valueText(map[key] as KeyValue)}`
  return `{${text}}`
}

function listText(values: readonly (number | string | boolean)[]): string {
  let text = '['
  for (let i = 0; i < values.length; i++) text += (i === 0 ? '' : ',') + valueText(values[i]!)
  return `${text}]`
}
