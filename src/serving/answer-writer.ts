import { type FeatureMap, type FeatureValue, isMap, type KeyValue } from '../timeline/aggregate.ts'
import { type FeatureStatus, OK, STATUS_NAMES } from './feature-status.ts'
import type { ServicePlan } from './service-plan.ts'
import type { Vector } from './timeline-reader.ts'

type ServedKeyValue = number | string | boolean | null | readonly (number | string | boolean)[]

/** A value as it is sent: an integer past 2^53 is a text of digits; a map by text of its keys. */
export type ServedValue = ServedKeyValue | { readonly [key: string]: ServedKeyValue }

/** What a service answers. */
export interface Answer {
  readonly service: string
  readonly version: string
  /** The instant that the values are for, in epoch milliseconds. */
  readonly as_of: number
  readonly features: Readonly<Record<string, ServedValue>>
  /** Of every value that is not ok. */
  readonly status: Readonly<Record<string, FeatureStatus>>
  /** By source: every event that reached the log before this instant, in epoch milliseconds, is counted. */
  readonly watermarks: Readonly<Record<string, number>>
}

/** Turns vectors of one service into answers. Which text goes between values is decided once. */
export class AnswerWriter {
  readonly #plan: ServicePlan
  readonly #head: string
  /** Before each value: its name, and what ends the value before. */
  readonly #names: readonly string[]
  readonly #statusNames: readonly string[]
  readonly #sources: readonly string[]

  constructor(plan: ServicePlan) {
    const { name, version } = plan.service
    this.#plan = plan
    this.#head = `{"service":${JSON.stringify(name)},"version":${JSON.stringify(version)},"as_of":`
    this.#names = plan.names.map((name, i) => `${i === 0 ? '' : ','}${JSON.stringify(name)}:`)
    this.#statusNames = plan.names.map((name) => `${JSON.stringify(name)}:`)
    this.#sources = plan.sources.map((source) => `${JSON.stringify(source)}:`)
  }

  /** The answer as JSON: the very text that `JSON.stringify` gives of {@link object}, in less than half of its time. */
  text(vector: Vector, watermarks: readonly (number | null)[]): string {
    const { values } = vector
    const names = this.#names
    let text = `${this.#head}${vector.at_ms},"features":{`
    for (let i = 0; i < names.length; i++) text += names[i]! + valueText(values[i]!)
    return `${text}},"status":{${vector.flawed ? this.#statusText(vector) : ''}},"watermarks":{${this.#watermarkText(watermarks)}}}`
  }

  /** The answer as a plain object. */
  object(vector: Vector, watermarks: readonly (number | null)[]): Answer {
    const { names, sources, service } = this.#plan
    const { values, statuses } = vector
    const features: Record<string, ServedValue> = {}
    const status: Record<string, FeatureStatus> = {}
    for (const [i, name] of names.entries()) {
      features[name] = servedValue(values[i]!)
      if (statuses[i] !== OK) status[name] = STATUS_NAMES[statuses[i]!] as FeatureStatus
    }
    const known = sources.flatMap((source, i) => (watermarks[i] == null ? [] : [[source, watermarks[i]] as const]))
    return {
      service: service.name,
      version: service.version,
      as_of: vector.at_ms,
      features,
      status,
      watermarks: Object.fromEntries(known),
    }
  }

  #statusText({ statuses }: Vector): string {
    let text = ''
    for (let i = 0; i < statuses.length; i++) {
      if (statuses[i] !== OK) text += `${text === '' ? '' : ','}${this.#statusNames[i]}"${STATUS_NAMES[statuses[i]!]}"`
    }
    return text
  }

  #watermarkText(watermarks: readonly (number | null)[]): string {
    let text = ''
    for (let i = 0; i < watermarks.length; i++) {
      if (watermarks[i] !== null) text += `${text === '' ? '' : ','}${this.#sources[i]}${watermarks[i]}`
    }
    return text
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
