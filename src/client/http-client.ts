import type { Answer, BatchRow, Taken, VectorAnswer, VectorForm } from './answer.ts'
import type { Reply } from './attempt.ts'
import { askBatch } from './batch.ts'
import { type CallOptions, type CheckedOptions, callOf, type VectorOptions } from './client-options.ts'
import type { AnyObject, AnyVector } from './definition-types.ts'
import { jsonText } from './json-text.ts'
import { MillraceError } from './millrace-error.ts'
import { isAnswer, isVector, isVectorForm, notAnAnswer } from './reply-check.ts'
import { retried } from './retried.ts'
import { sendEvents } from './send-events.ts'

/** The client at run time, where all services are alike: `Client` says what types make of it. */
export class HttpClient {
  readonly #options: CheckedOptions

  constructor(options: CheckedOptions) {
    this.#options = options
  }

  async get<N extends string>(
    service: N,
    request: AnyObject,
    options: CallOptions = {},
  ): Promise<Answer<AnyVector, N>> {
    const reply = await this.#ask(pathOf(service), jsonText(request, 'the request'), options)
    if (!isAnswer(reply.body)) throw notAnAnswer(reply)
    return reply.body as Answer<AnyVector, N>
  }

  async batch<N extends string>(
    service: N,
    requests: readonly AnyObject[],
    options: CallOptions = {},
  ): Promise<BatchRow<Answer<AnyVector, N>>[]> {
    const question = { path: `${pathOf(service)}/batch`, isAnswer }
    const rows = await askBatch(this.#options, question, requests, callOf(this.#options.call, options))
    return rows as BatchRow<Answer<AnyVector, N>>[]
  }

  async vector<N extends string>(
    service: N,
    request: AnyObject,
    options: VectorOptions = {},
  ): Promise<VectorAnswer<AnyVector, N>> {
    const reply = await this.#ask(`${pathOf(service)}${AS_VECTOR}`, jsonText(request, 'the request'), options)
    if (!isVector(reply.body)) throw notAnAnswer(reply)
    const answer = reply.body as VectorAnswer<AnyVector, N>
    refuseOtherForm(answer, options.fingerprint)
    return answer
  }

  async vectorBatch<N extends string>(
    service: N,
    requests: readonly AnyObject[],
    options: VectorOptions = {},
  ): Promise<BatchRow<VectorAnswer<AnyVector, N>>[]> {
    const question = { path: `${pathOf(service)}/batch${AS_VECTOR}`, isAnswer: isVector }
    const rows = (await askBatch(this.#options, question, requests, callOf(this.#options.call, options))) as BatchRow<
      VectorAnswer<AnyVector, N>
    >[]
    for (const row of rows) if (row.error === undefined) refuseOtherForm(row, options.fingerprint)
    return rows
  }

  async vectorForm<N extends string>(service: N, options: CallOptions = {}): Promise<VectorForm<AnyVector, N>> {
    const reply = await this.#ask(`${pathOf(service)}/vector`, null, options)
    if (!isVectorForm(reply.body)) throw notAnAnswer(reply)
    return reply.body as VectorForm<AnyVector, N>
  }

  async send(source: string, events: readonly AnyObject[], options: CallOptions = {}): Promise<Taken> {
    return sendEvents(this.#options, source, events, callOf(this.#options.call, options))
  }

  #ask(path: string, body: string | null, options: CallOptions): Promise<Reply> {
    return retried(this.#options, { path, body }, callOf(this.#options.call, options))
  }
}

const AS_VECTOR = '?format=vector'

function pathOf(service: string): string {
  return `/v1/services/${encodeURIComponent(service)}`
}

/** A vector of another order looks like any other to a model, and is nonsense to it. */
function refuseOtherForm({ service, fingerprint }: VectorAnswer<AnyVector>, expected: string | undefined): void {
  if (expected === undefined || fingerprint === expected) return
  const message = `the vector of ${service} has the fingerprint ${fingerprint}, not ${expected}`
  throw new MillraceError('VECTOR_CHANGED', message, {
    cure: 'serve the definitions that the model was trained on, or a model that was trained on these',
  })
}
