import type { RejectedEvent, Taken } from './answer.ts'
import type { Call, CheckedOptions } from './client-options.ts'
import { jsonText } from './json-text.ts'
import { MillraceError } from './millrace-error.ts'
import { byteLength, partsOf } from './parts.ts'
import { notAnAnswer, takenIn } from './reply-check.ts'
import { retried } from './retried.ts'

/** Most events, and most bytes of them with their line ends, that the server takes at once. */
const LIMITS = { items: 10_000, bytes: 16 * 1024 * 1024 }

/** Sends events, part after part. Throws a MillraceError; before the first part, where an event is none in JSON. */
export async function sendEvents(
  options: CheckedOptions,
  source: string,
  events: readonly unknown[],
  call: Call,
): Promise<Taken> {
  const texts = Array.from(events, eventText)
  const path = `/v1/sources/${encodeURIComponent(source)}/events`
  const rejected: RejectedEvent[] = []
  let accepted = 0
  for (const part of partsOf(texts, LIMITS)) {
    const request = { path, type: 'application/x-ndjson', body: part.texts.join('\n') }
    // Where none is accepted the answer is one of refusal; it says the same of each event.
    const reply = await retried(options, request, call, ({ status, body }) => status === 422 && takenIn(body) !== null)
    const taken = takenIn(reply.body)
    if (taken === null) throw notAnAnswer(reply)
    accepted += taken.accepted
    for (const one of taken.rejected) rejected.push({ ...one, index: part.indexes[one.index] ?? one.index })
  }
  return { accepted, rejected }
}

function eventText(event: unknown, index: number): string {
  const text = jsonText(event, `events[${index}]`)
  if (byteLength(text) <= LIMITS.bytes) return text
  throw new MillraceError('BODY_TOO_LARGE', `events[${index}] has more than ${LIMITS.bytes} bytes`, {
    field: `events[${index}]`,
    cure: 'take it out: the server reads no such event',
  })
}
