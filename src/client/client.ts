import type { Answer, BatchRow, Taken } from './answer.ts'
import { askBatch } from './batch.ts'
import { type CallOptions, type CheckedOptions, type ClientOptions, callOf, readOptions } from './client-options.ts'
import type {
  AnyObject,
  AnyVector,
  FeaturesOf,
  RequestOf,
  ServiceName,
  SourceEvent,
  SourceName,
} from './definition-types.ts'
import { jsonText } from './json-text.ts'
import { isAnswer, notAnAnswer } from './reply-check.ts'
import { retried } from './retried.ts'
import { sendEvents } from './send-events.ts'

/** Asks a millrace server. Every method rejects with a {@link MillraceError}. */
export interface Client<M> {
  /** The vector of a service for one request: the event being scored, or keys. */
  get<N extends ServiceName<M>>(
    service: N,
    request: RequestOf<M, N>,
    options?: CallOptions,
  ): Promise<Answer<FeaturesOf<M, N>, N>>
  /**
   * The same for many requests, in their order: a row is an answer, or says by `error` why it is none. More than the server takes at once
   * are sent in parts, some at a time. A part that fails makes no other go on: rows that were not answered have its error. Rejects where
   * no part was answered, and where the signal says stop.
   */
  batch<N extends ServiceName<M>>(
    service: N,
    requests: readonly RequestOf<M, N>[],
    options?: CallOptions,
  ): Promise<BatchRow<Answer<FeaturesOf<M, N>, N>>[]>
  /**
   * Puts events of a source into the log. Resolves when those that were accepted are on disk; the others are told, each with its place in
   * the list. More than the server takes at once are sent in parts, one after another. If it rejects, some may be stored: send them all
   * again, as an event that is sent twice counts once.
   */
  send<N extends SourceName<M>>(source: N, events: readonly SourceEvent<M, N>[], options?: CallOptions): Promise<Taken>
}

/**
 * A client of the API of `millrace serve`. It needs nothing but `fetch`. Its types come from the definitions, with nothing generated and
 * nothing of them loaded:
 *
 * ```ts
 * import type * as definitions from './feature-defs/payments.ts'
 *
 * const features = createClient<typeof definitions>({ url: 'http://127.0.0.1:8080' })
 * const answer = await features.get('checkout_risk', { event })
 * answer.features.card_velocity__spend_7d
 * ```
 *
 * Definitions in several files: `createClient<typeof payments & typeof logins>`. Without a type, every name goes and values are unknown.
 * Throws a {@link MillraceError} `OPTION_INVALID`.
 */
export function createClient<M = unknown>(options: ClientOptions): Client<M> {
  // What types say of names and values is said by the definitions: at run time all services are alike.
  return new HttpClient(readOptions(options)) as Client<unknown> as Client<M>
}

class HttpClient implements Client<unknown> {
  readonly #options: CheckedOptions

  constructor(options: CheckedOptions) {
    this.#options = options
  }

  async get<N extends string>(
    service: N,
    request: AnyObject,
    options: CallOptions = {},
  ): Promise<Answer<AnyVector, N>> {
    const call = callOf(this.#options.call, options)
    const body = jsonText(request, 'the request')
    const path = `/v1/services/${encodeURIComponent(service)}`
    const reply = await retried(this.#options, { path, type: 'application/json', body }, call)
    if (!isAnswer(reply.body)) throw notAnAnswer(reply)
    return reply.body as Answer<AnyVector, N>
  }

  async batch<N extends string>(
    service: N,
    requests: readonly AnyObject[],
    options: CallOptions = {},
  ): Promise<BatchRow<Answer<AnyVector, N>>[]> {
    const rows = await askBatch(this.#options, service, requests, callOf(this.#options.call, options))
    return rows as BatchRow<Answer<AnyVector, N>>[]
  }

  async send(source: string, events: readonly AnyObject[], options: CallOptions = {}): Promise<Taken> {
    return sendEvents(this.#options, source, events, callOf(this.#options.call, options))
  }
}
