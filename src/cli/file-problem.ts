import { formatPlace, type Problem } from '../features/problem.ts'
import { missingModule } from './missing-module.ts'
import { type Place, placesIn } from './stack-place.ts'

/** A file of definitions that could not be loaded. */
export interface FileProblem {
  readonly file: string
  /** Where in the file, counted from 1, where it is known. */
  readonly line: number | null
  readonly column: number | null
  readonly message: string
  readonly cure: string
  readonly severity: 'error'
}

export type LoadProblem = FileProblem | Problem

/** `feature-defs/card.ts:4:20: Unexpected "*"; ...`. */
export function formatFileProblem(problem: FileProblem): string {
  return `${formatPlace(problem)}: ${problem.message}; ${problem.cure}`
}

/**
 * What an error that came while `file` was loaded says, and where. `isOurs` tells files of the user by their path: the place
 * is the innermost of those that the error went through.
 */
export function fileProblem(
  file: string,
  error: unknown,
  isOurs: (path: string) => boolean,
  show: (path: string) => string,
): FileProblem {
  const { name = 'Error', message = String(error), stack = '' } = error instanceof Error ? error : {}
  const syntax = /^(.+?):(\d+):(\d+): ERROR: (.+)$/m.exec(message)
  if (syntax !== null) {
    const [, path, line, column, text] = syntax
    // esbuild counts columns from 0.
    const place = { path: path!, line: Number(line), column: Number(column) + 1 }
    return problem(file, place, text!, 'correct the syntax', show)
  }
  if ((error as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND') {
    const { place, message: text, cure } = missingModule(message)
    return problem(file, place, text, cure, show)
  }
  const place = placesIn(stack).find(({ path }) => isOurs(path)) ?? null
  const what = name === 'TypeError' || name === 'Error' || name === 'SyntaxError' ? message : `${name}: ${message}`
  return problem(file, place, what, 'correct the definition: the file could not be loaded', show)
}

function problem(
  file: string,
  place: Place | null,
  message: string,
  cure: string,
  show: (path: string) => string,
): FileProblem {
  return {
    file: show(place?.path ?? file),
    line: place === null || place.line === 0 ? null : place.line,
    column: place?.column ?? null,
    message: message.trim(),
    cure,
    severity: 'error',
  }
}
