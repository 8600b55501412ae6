import type { Expected, Question } from './question.ts'

/** An answer of `POST /v1/services/:service/batch`, as far as it matters here. */
export interface Answer {
  readonly as_of?: number
  readonly features?: Readonly<Record<string, number | null>>
  readonly status?: Readonly<Record<string, string>>
  readonly error?: { readonly code: string; readonly message: string }
}

/** Averages and risks may differ by so much: the published ones are sums of doubles, rounded at each step. */
const TOLERANCE = 1e-9

/** Minor units in a major one. */
const CENTS = 100

/** What is wrong with an answer, a sentence for each value; none where all is right. */
export function differences(question: Question, answer: Answer | undefined): string[] {
  const { about, service, keys, at_ms } = question
  const where = `${about}: ${service} ${JSON.stringify(keys)} at ${at_ms}`
  if (answer?.features === undefined) return [`${where}: ${answer?.error?.message ?? 'no answer'}`]
  if (answer.as_of !== at_ms) return [`${where}: it is as of ${answer.as_of}`]
  const flaws = Object.entries(answer.status ?? {}).map(([feature, status]) => `${where}: ${feature} is ${status}`)
  const { features } = answer
  const wrong = question.expected.flatMap((expected) => {
    const served = features[expected.feature]
    if (served !== undefined && agrees(expected, served)) return []
    return [`${where}: ${expected.feature} is ${served}, not ${expected.value}`]
  })
  return [...flaws, ...wrong]
}

/** Over nothing averages and risks are null, which the published data writes as 0. */
function agrees({ kind, value }: Expected, served: number | null): boolean {
  if (kind === 'count') return served === value
  const comparable = kind === 'average' ? (served ?? 0) / CENTS : (served ?? 0)
  return Math.abs(comparable - value) <= TOLERANCE
}
