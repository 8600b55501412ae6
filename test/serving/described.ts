import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js'
import { parseIsoTime } from '../../src/features/iso-time.ts'

export type Json = { [key: string]: Json } & Json[]

const FORMATS = Object.fromEntries(['int64', 'double', 'uuid', 'email', 'ipv4', 'date'].map((name) => [name, true]))

const isTime = (text: string): boolean => parseIsoTime(text) !== null

/** The OpenAPI document of a running API, as a judge of what is sent and answered. */
export class Described {
  readonly document: Json
  readonly #ajv: Ajv2020
  readonly #checkers = new Map<string, ValidateFunction>()

  constructor(document: unknown) {
    this.document = document as Json
    this.#ajv = new Ajv2020({
      allErrors: true,
      // Types in lists are what generators of clients read best.
      allowUnionTypes: true,
      // The others come with a pattern.
      formats: { ...FORMATS, 'date-time': isTime, 'iso-8601': isTime },
      // Words of OpenAPI at the root of the document, where references lead to.
      keywords: ['openapi', 'info', 'servers', 'tags', 'paths', 'components', 'example'],
    })
    this.#ajv.addSchema(document as AnySchema, 'api')
  }

  /** What is wrong with a value by the schema at a place of the document; empty where nothing is. */
  faults(place: readonly string[], value: unknown): string {
    const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
    let check = this.#checkers.get(pointer)
    if (check === undefined) {
      check = this.#ajv.compile({ $ref: `api#/${pointer.split('/').map(encodeURIComponent).join('/')}` })
      this.#checkers.set(pointer, check)
    }
    return check(value) ? '' : this.#ajv.errorsText(check.errors)
  }

  /** The template that a path follows, as `/v1/features/{feature}/events`; null where none does. */
  template(path: string): string | null {
    if (path in this.document.paths!) return path
    const templates = Object.keys(this.document.paths!).filter((template) => template.includes('{'))
    return templates.find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(path)) ?? null
  }

  requestFaults(path: string, body: unknown): string {
    const place = ['paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema']
    return this.faults(place, body)
  }

  /** What is wrong with an answer; also where its status or, of an error, its code is none that the operation lists. */
  answerFaults(method: string, path: string, status: number, body: unknown): string {
    const response = this.document.paths![path]![method]!.responses![status]
    if (response === undefined) return `status ${status} is not listed`
    const place = ['paths', path, method, 'responses', `${status}`, 'content', 'application/json', 'schema']
    const faults = this.faults(place, body)
    const { code } = (body as { error?: { code?: string } }).error ?? {}
    if (faults !== '' || code === undefined) return faults
    const listed = Object.keys(response.content!['application/json']!.examples!)
    return listed.includes(code) ? '' : `the code ${code} is not listed for ${status}`
  }

  operations(): { method: string; path: string; operation: Json }[] {
    return Object.entries(this.document.paths!).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    )
  }
}
