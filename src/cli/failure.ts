import { DefinitionError } from '../features/problem.ts'
import { CommandError } from './command-error.ts'
import { EXIT } from './exit-code.ts'

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode
  return error instanceof DefinitionError ? EXIT.definitions : EXIT.failed
}

/** Tells people, on stderr, why a command failed; with `json`, programs too, as `{ "error": ... }` on stdout. */
export function showFailure(title: string, error: unknown, json: boolean): void {
  const { code, message, cure } = describe(error)
  process.stderr.write(`${title}: ${message}${cure === null ? '' : `; ${cure}`}\n`)
  if (code === 'INTERNAL' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  if (json)
    process.stdout.write(`${JSON.stringify({ error: { code, message, ...(cure === null ? {} : { cure }) } })}\n`)
}

function describe(error: unknown): { code: string; message: string; cure: string | null } {
  if (!(error instanceof Error)) return { code: 'INTERNAL', message: String(error), cure: null }
  const { code, message } = error as Error & { code?: unknown }
  if (error instanceof CommandError) return { code: error.code, message, cure: error.cure }
  // Errors of the stores and the system say by a code what they are. What has none, or one of Node's own, is a fault of millrace.
  if (typeof code === 'string' && !code.startsWith('ERR_')) return { code, message, cure: null }
  return { code: 'INTERNAL', message, cure: null }
}
