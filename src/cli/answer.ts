import { CommandError } from './command-error.ts'
import type { Backend } from './request.ts'

interface ErrorBody {
  readonly error?: { readonly code?: string; readonly message?: string; readonly cure?: string }
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Asks for JSON. Throws a CommandError with what the API says is wrong. */
export async function getJson<T>(backend: Backend, path: string): Promise<T> {
  return readJson<T>(await backend.request(path))
}

export async function postJson<T>(backend: Backend, path: string, body: unknown): Promise<T> {
  return readJson<T>(await backend.request(path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) }))
}

/** The JSON of an answer. Throws a CommandError where it is an error, or no JSON. */
export async function readJson<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw await refusal(answer)
  return (await answer.json()) as T
}

/** What an answer that is not ok says. */
export async function refusal(answer: Response): Promise<CommandError> {
  const text = await answer.text()
  try {
    const { code, message, cure } = (JSON.parse(text) as ErrorBody).error ?? {}
    if (message !== undefined) {
      return new CommandError(code ?? `HTTP_${answer.status}`, message, cure === undefined ? {} : { cure })
    }
  } catch {
    // It is no JSON: shown as it is.
  }
  return new CommandError(`HTTP_${answer.status}`, `the API answered ${answer.status}: ${text.slice(0, 500)}`)
}
