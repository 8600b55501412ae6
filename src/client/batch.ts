import type { RefusedRow } from './answer.ts'
import type { Call, CheckedOptions } from './client-options.ts'
import { jsonText } from './json-text.ts'
import { MillraceError } from './millrace-error.ts'
import { byteLength, type Part, partsOf } from './parts.ts'
import { notAnAnswer, rowsIn } from './reply-check.ts'
import { retried, rowError } from './retried.ts'

/** Most rows of a batch that the server takes. */
const ROWS_MAX = 1_000

/** Most bytes that it takes. */
const BYTES_MAX = 16 * 1024 * 1024

const HEAD = '{"rows":['
const TAIL = ']}'
const LIMITS = { items: ROWS_MAX, bytes: BYTES_MAX - HEAD.length - TAIL.length }

/** A server answers one part at a time in each of its processes: a few keep several busy, and the callers beside us alive. */
const PARTS_AT_ONCE = 4

export interface BatchQuestion {
  readonly path: string
  /** Whether a row is an answer, where it is no error. */
  readonly isAnswer: (row: unknown) => boolean
}

/** An answer or an error for each request, in their order. Throws a MillraceError where none was answered. */
export async function askBatch(
  options: CheckedOptions,
  question: BatchQuestion,
  requests: readonly unknown[],
  call: Call,
): Promise<unknown[]> {
  const rows: unknown[] = new Array(requests.length)
  const texts = Array.from(requests, (request, index) => {
    try {
      return rowText(request)
    } catch (error) {
      rows[index] = refused(error as MillraceError)
      return null
    }
  })
  const parts = partsOf(texts, LIMITS)
  let failure: MillraceError | null = null
  let answered = 0
  const work = parts.values()
  const askParts = async (): Promise<void> => {
    for (const part of work) {
      try {
        // What made one part fail, with its retries, will not spare the next.
        if (failure !== null) throw failure
        const answers = await askPart(options, question, part, call)
        answered++
        for (const [i, index] of part.indexes.entries()) rows[index] = answers[i]
      } catch (error) {
        failure ??= error as MillraceError
        for (const index of part.indexes) rows[index] = refused(failure)
      }
    }
  }
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, askParts))
  const failed = failure as MillraceError | null
  if (failed !== null && (answered === 0 || failed.code === 'ABORTED')) throw failed
  return rows
}

async function askPart(
  options: CheckedOptions,
  { path, isAnswer }: BatchQuestion,
  part: Part,
  call: Call,
): Promise<unknown[]> {
  const body = `${HEAD}${part.texts.join(',')}${TAIL}`
  const reply = await retried(options, { path, body }, call)
  const rows = rowsIn(reply.body, part.texts.length)
  if (rows === null) throw notAnAnswer(reply)
  return rows.map((row) => {
    const error = rowError(row)
    if (error !== null) return refused(error)
    if (!isAnswer(row)) throw notAnAnswer(reply)
    return row
  })
}

function rowText(request: unknown): string {
  const text = jsonText(request, 'the row')
  if (byteLength(text) <= LIMITS.bytes) return text
  throw new MillraceError('BODY_TOO_LARGE', `the row has more than ${LIMITS.bytes} bytes`, { cure: 'send less in it' })
}

function refused(error: MillraceError): RefusedRow {
  return { error }
}
