import { showValue } from '../features/event-error.ts'
import type { KeyModel } from '../features/model.ts'
import { namesCure } from '../features/nearest-name.ts'
import { keyText } from '../features/timeline-key.ts'
import { refusedAt, ServingError } from './serving-error.ts'

/** Reads the `keys` of a request: the key parts that a caller gives by name. */
export class KeyFields {
  readonly #asked: string
  readonly #fields: readonly KeyModel[]
  readonly #names: readonly string[]
  readonly #fromEvent: ReadonlySet<string>

  /** `asked` names what takes the keys in messages; `fromEvent` are key names that the event gives. */
  constructor(asked: string, fields: readonly KeyModel[], fromEvent: Iterable<string> = []) {
    this.#asked = asked
    this.#fields = fields
    this.#names = fields.map(({ name }) => name)
    this.#fromEvent = new Set(fromEvent)
  }

  /** The text of each key part, in the order of the fields; null where it is given as null. Throws a ServingError. */
  read(keys: unknown): (string | null)[] {
    if (keys === undefined) {
      if (this.#fields.length === 0) return []
      const message = `${this.#asked} needs keys, and the request has none`
      throw new ServingError('FIELD_MISSING', message, { field: 'keys', cure: this.#example() })
    }
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      const value = showValue(keys)
      const message = `keys: ${value} is not an object`
      throw new ServingError('REQUEST_SHAPE', message, { field: 'keys', value, cure: this.#example() })
    }
    for (const name of Object.keys(keys)) if (!this.#names.includes(name)) throw this.#unknown(name)
    return this.#fields.map((field) => part(field, keys as Record<string, unknown>))
  }

  #unknown(name: string): ServingError {
    const field = `keys.${name}`
    if (this.#fromEvent.has(name)) {
      const cure = 'leave it out: two values for one key could differ'
      return new ServingError('FIELD_UNKNOWN', `${field} is given by the event`, { field, cure })
    }
    const cure = this.#names.length === 0 ? this.#example() : namesCure(name, this.#names)
    return new ServingError('FIELD_UNKNOWN', `${field} is no key of ${this.#asked}`, { field, cure })
  }

  #example(): string {
    if (this.#names.length === 0) return 'leave keys out: the event gives them all'
    return `send "keys": { ${this.#names.map((name) => `"${name}": ...`).join(', ')} }`
  }
}

function part(field: KeyModel, keys: Record<string, unknown>): string | null {
  const { name, type } = field
  const value = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (value === undefined) {
    const cure = 'send it, or null where it is not known: its features are null then'
    throw new ServingError('FIELD_MISSING', `keys.${name} is missing`, { field: `keys.${name}`, cure })
  }
  if (value === null) return null
  try {
    return keyText(type, field.parse(value))
  } catch (error) {
    throw refusedAt('keys', error)
  }
}
