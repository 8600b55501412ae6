import type { Answer, BatchRow, Taken, VectorAnswer, VectorForm } from './answer.ts'
import { type CallOptions, type ClientOptions, readOptions, type VectorOptions } from './client-options.ts'
import type { FeaturesOf, RequestOf, ServiceName, SourceEvent, SourceName } from './definition-types.ts'
import { HttpClient } from './http-client.ts'

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
   * The numbers of a service's vector alone, in the order of {@link vectorForm}, for a model runtime. With `fingerprint`, the one that the
   * model was trained on, an answer of another order is never taken for it: it rejects with `VECTOR_CHANGED`.
   */
  vector<N extends ServiceName<M>>(
    service: N,
    request: RequestOf<M, N>,
    options?: VectorOptions,
  ): Promise<VectorAnswer<FeaturesOf<M, N>, N>>
  /** To {@link vector} what {@link batch} is to {@link get}. */
  vectorBatch<N extends ServiceName<M>>(
    service: N,
    requests: readonly RequestOf<M, N>[],
    options?: VectorOptions,
  ): Promise<BatchRow<VectorAnswer<FeaturesOf<M, N>, N>>[]>
  /** What the numbers of a service's vector are. */
  vectorForm<N extends ServiceName<M>>(service: N, options?: CallOptions): Promise<VectorForm<FeaturesOf<M, N>, N>>
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
  const client: Client<unknown> = new HttpClient(readOptions(options))
  return client as Client<M>
}
