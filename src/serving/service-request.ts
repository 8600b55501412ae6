import { z } from 'zod'
import { showValue } from '../features/event-error.ts'
import type { ParsedEvent, ServiceModel } from '../features/model.ts'
import { namesCure } from '../features/nearest-name.ts'
import { keyText, timelineKey } from '../features/timeline-key.ts'
import type { TimelineKey } from '../stores/online-store.ts'
import { readAt } from './instant.ts'
import { KeyFields } from './key-fields.ts'
import { refusedAt, ServingError } from './serving-error.ts'

/** A request that a service understood. */
export interface ServiceQuestion {
  /** Null: the request gives no instant of its own. */
  readonly at_ms: number | null
  readonly event: ParsedEvent | null
  /** One for each of the service's timelines; null where a part of its key is null. */
  readonly keys: readonly (TimelineKey | null)[]
  /** As the service's request schema gives it out. */
  readonly request: unknown
}

/** A schema that contains itself is read by recursion, which a value may be nested too deep for. Throws a ServingError then. */
function parsedBy(schema: z.core.$ZodObject, given: unknown) {
  try {
    return z.safeParse(schema, given)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ServingError('FIELD_VALUE', 'request is nested too deep', { field: 'request', cause: error })
  }
}

type KeyPartReader = (event: ParsedEvent | null, given: readonly (string | null)[]) => string | null

/** Most problems of `request` that a message names. */
const ISSUES_MAX = 5

/** Understands the requests of one service. */
export class ServiceRequests {
  readonly #service: ServiceModel
  readonly #fields: readonly string[]
  readonly #keys: KeyFields
  readonly #timelines: readonly { readonly fingerprint: string; readonly parts: readonly KeyPartReader[] }[]

  constructor(service: ServiceModel) {
    this.#service = service
    const { event, keys, request, timelines } = service
    this.#fields = [
      ...(event === null ? [] : ['event']),
      ...(keys.length === 0 ? [] : ['keys']),
      ...(request === null ? [] : ['request']),
      'at',
    ]
    const fromEvent = timelines.flatMap(({ key }) => key.flatMap((part) => (part.from === 'event' ? [part.name] : [])))
    this.#keys = new KeyFields(service.name, keys, fromEvent)
    this.#timelines = timelines.map(({ timeline, key }) => ({
      fingerprint: timeline.fingerprint,
      parts: key.map((part): KeyPartReader => {
        if (part.from === 'keys') {
          const index = keys.findIndex(({ name }) => name === part.name)
          return (_event, given) => given[index]!
        }
        const { column } = part
        const { type } = event!.columns[column]!
        return (parsed) => {
          const value = parsed!.values[column]!
          return value === null ? null : keyText(type, value)
        }
      }),
    }))
  }

  /** Throws a ServingError that says what is wrong with the request, and where. */
  read(body: unknown): ServiceQuestion {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new ServingError('REQUEST_SHAPE', `${showValue(body)} is not a request: it must be a JSON object`, {
        value: showValue(body),
        cure: this.#takes(),
      })
    }
    for (const field in body) {
      // Keys are refused by name, where the event gives them or there is no such key.
      if (field !== 'keys' && !this.#fields.includes(field)) throw this.#unknown(field)
    }
    const { event: givenEvent, keys: givenKeys, at, request } = body as Readonly<Record<string, unknown>>
    const event = this.#event(givenEvent)
    const given = this.#keys.read(givenKeys)
    return { at_ms: readAt(at), event, keys: this.#timelineKeys(event, given), request: this.#request(request) }
  }

  #timelineKeys(event: ParsedEvent | null, given: readonly (string | null)[]): (TimelineKey | null)[] {
    return this.#timelines.map(({ fingerprint, parts }) => {
      const texts: string[] = []
      for (const part of parts) {
        const text = part(event, given)
        if (text === null) return null
        texts.push(text)
      }
      return timelineKey(fingerprint, texts)
    })
  }

  #event(given: unknown): ParsedEvent | null {
    const { name, event } = this.#service
    if (event === null) return null
    if (given === undefined || given === null) {
      throw new ServingError('FIELD_MISSING', `${name} scores an event of ${event.name}, and the request has none`, {
        field: 'event',
        cure: `send it as "event": { "${event.columns[event.id]!.name}": ..., ... }`,
      })
    }
    try {
      return event.parser.parseScored(given)
    } catch (error) {
      throw refusedAt('event', error)
    }
  }

  #request(given: unknown): unknown {
    const { name, request } = this.#service
    if (request === null) return undefined
    if (given === undefined || given === null) {
      throw new ServingError('FIELD_MISSING', `${name} needs request, and it has none`, {
        field: 'request',
        cure: `send "request": { ${Object.keys(request._zod.def.shape)
          .map((field) => `"${field}": ...`)
          .join(', ')} }`,
      })
    }
    const parsed = parsedBy(request, given)
    if (parsed.success) return parsed.data
    const issues = parsed.error.issues.slice(0, ISSUES_MAX)
    const paths = issues.map(({ path }) => ['request', ...path.map(String)].join('.'))
    const message = issues.map((issue, i) => `${paths[i]}: ${issue.message}`).join('; ')
    throw new ServingError('FIELD_VALUE', message, {
      field: paths[0]!,
      value: shownAt(given, issues[0]!.path),
      cause: parsed.error,
    })
  }

  #unknown(field: string): ServingError {
    const { name } = this.#service
    const options = { field, cure: this.#takes() }
    if (field === 'event') return new ServingError('FIELD_UNKNOWN', `${name} scores no event`, options)
    if (field === 'request') return new ServingError('FIELD_UNKNOWN', `${name} takes no request`, options)
    const cure = namesCure(field, this.#fields, this.#takes())
    return new ServingError('FIELD_UNKNOWN', `'${field}' is no field of a request`, { field, cure })
  }

  #takes(): string {
    return `${this.#service.name} takes ${this.#fields.join(', ')}`
  }
}

/** What stands at a path, as messages show it; null where nothing does. */
function shownAt(given: unknown, path: readonly PropertyKey[]): string | null {
  let value = given
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
    value = (value as Readonly<Record<PropertyKey, unknown>>)[name]
  }
  return value === undefined ? null : showValue(value)
}
