import type { RejectedEvent } from './answer.ts'
import type { Reply } from './attempt.ts'
import { MillraceError } from './millrace-error.ts'

/** Whether it is an answer of a service, by what every one has. */
export function isAnswer(body: unknown): boolean {
  return isObject(body) && isObject(body.features) && isObject(body.status)
}

/** Whether it is one in vector mode. */
export function isVector(body: unknown): boolean {
  return isObject(body) && Array.isArray(body.values) && isObject(body.status) && typeof body.fingerprint === 'string'
}

/** Whether it says what the numbers of a vector are. */
export function isVectorForm(body: unknown): boolean {
  return isObject(body) && Array.isArray(body.names) && typeof body.fingerprint === 'string'
}

/** The rows of a batch, as many as were asked; null where it is no answer to it. */
export function rowsIn(body: unknown, count: number): readonly unknown[] | null {
  if (!isObject(body) || !Array.isArray(body.rows) || body.rows.length !== count) return null
  return body.rows
}

/** What became of events; null where it does not say. */
export function takenIn(body: unknown): { accepted: number; rejected: readonly RejectedEvent[] } | null {
  if (!isObject(body) || typeof body.accepted !== 'number' || !Array.isArray(body.rejected)) return null
  return { accepted: body.accepted, rejected: body.rejected }
}

/** The error of a reply with a good status, and something else in it. */
export function notAnAnswer({ status, body }: Reply): MillraceError {
  const what = body === undefined ? 'no JSON' : 'other JSON than that of millrace'
  return new MillraceError('ANSWER_INVALID', `the answer is ${what}`, {
    status,
    cure: 'see that the url is that of millrace itself',
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
