import { type FeatureStatus, OK, STATUS_NAMES } from './feature-status.ts'
import type { ServicePlan } from './service-plan.ts'
import type { Vector } from './timeline-reader.ts'

/** What ends every answer, whatever its values look like: how good they are. */
export interface Trust {
  /** Of every value that is not ok. */
  readonly status: Readonly<Record<string, FeatureStatus>>
  /** By source: every event that reached the log before this instant, in epoch milliseconds, is counted. */
  readonly watermarks: Readonly<Record<string, number>>
}

/** Writes the status and the watermarks of one service's answers. Which text goes between values is decided once. */
export class AnswerTail {
  readonly #plan: ServicePlan
  readonly #names: readonly string[]
  readonly #sources: readonly string[]

  constructor(plan: ServicePlan) {
    this.#plan = plan
    this.#names = plan.names.map((name) => `${JSON.stringify(name)}:`)
    this.#sources = plan.sources.map((source) => `${JSON.stringify(source)}:`)
  }

  /** `"status":{...},"watermarks":{...}`: the very text that `JSON.stringify` gives of {@link object}, without its braces. */
  text(vector: Vector, watermarks: readonly (number | null)[]): string {
    return `"status":{${vector.flawed ? this.#statusText(vector) : ''}},"watermarks":{${this.#watermarkText(watermarks)}}`
  }

  object({ statuses }: Vector, watermarks: readonly (number | null)[]): Trust {
    const { names, sources } = this.#plan
    const status: Record<string, FeatureStatus> = {}
    for (const [i, name] of names.entries()) {
      if (statuses[i] !== OK) status[name] = STATUS_NAMES[statuses[i]!] as FeatureStatus
    }
    const known = sources.flatMap((source, i) => (watermarks[i] == null ? [] : [[source, watermarks[i]] as const]))
    return { status, watermarks: Object.fromEntries(known) }
  }

  #statusText({ statuses }: Vector): string {
    let text = ''
    for (let i = 0; i < statuses.length; i++) {
      if (statuses[i] !== OK) text += `${text === '' ? '' : ','}${this.#names[i]}"${STATUS_NAMES[statuses[i]!]}"`
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
