import { type Answer, differences } from './comparison.ts'
import type { Question } from './question.ts'

/** Rows of one call: as many as the API takes. */
const BATCH_ROWS = 1_000

/** Calls at a time: so the server has the next one while we compare. */
const CALLS_AT_A_TIME = 2

/** Messages kept; the rest are counted. */
const SHOWN_MAX = 20

export interface InterviewResult {
  readonly questions: number
  readonly values: number
  /** Values that are wrong or not ok, and questions without an answer. */
  readonly mismatches: number
  /** The first of them. */
  readonly shown: readonly string[]
}

/** Asks a running millrace all questions and compares its answers. Throws where a call fails. */
export async function interview(url: string, questions: readonly Question[]): Promise<InterviewResult> {
  const batches = [...batched(questions)]
  const shown: string[] = []
  let mismatches = 0
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < batches.length) {
      const batch = batches[next++]!
      const answers = await ask(url, batch)
      for (const [i, question] of batch.entries()) {
        const found = differences(question, answers[i])
        mismatches += found.length
        if (shown.length < SHOWN_MAX) shown.push(...found.slice(0, SHOWN_MAX - shown.length))
      }
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, caller))
  const values = questions.reduce((sum, { expected }) => sum + expected.length, 0)
  return { questions: questions.length, values, mismatches, shown }
}

/** Lists of questions to one service each. */
function* batched(questions: readonly Question[]): Generator<Question[]> {
  const waiting = new Map<string, Question[]>()
  for (const question of questions) {
    const batch = waiting.get(question.service) ?? []
    batch.push(question)
    waiting.set(question.service, batch)
    if (batch.length < BATCH_ROWS) continue
    yield batch
    waiting.delete(question.service)
  }
  yield* waiting.values()
}

async function ask(url: string, batch: readonly Question[]): Promise<Answer[]> {
  const rows = batch.map(({ keys, at_ms }) => ({ keys, at: at_ms }))
  const response = await fetch(`${url}/v1/services/${batch[0]!.service}/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows }),
  })
  if (!response.ok) throw new Error(`the batch was answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { rows: Answer[] }).rows
}
