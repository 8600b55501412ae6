import type { DefinitionData } from './definition.ts'

/** What a problem is about: a definition, and the option of it, as `['features', 'tx_count']`; none is its name. */
export interface ProblemPart {
  readonly data: DefinitionData
  readonly option: readonly string[]
}

/** Something wrong with a definition. A warning does not keep it from being used. */
export interface Problem {
  readonly file: string
  /** Where in the file, counted from 1; null until somebody has looked there. */
  readonly line: number | null
  readonly column: number | null
  readonly kind: DefinitionData['kind']
  /** The definition's name, as `card_velocity`. */
  readonly name: string
  /** What is wrong, naming the part and its value. */
  readonly message: string
  /** What to write instead. */
  readonly cure: string
  readonly severity: 'error' | 'warning'
  readonly part: ProblemPart
}

/** `feature-defs/card.ts:14:5`, as far as it is known. */
export function formatPlace({ file, line, column }: Pick<Problem, 'file' | 'line' | 'column'>): string {
  return line === null ? file : column === null ? `${file}:${line}` : `${file}:${line}:${column}`
}

/** A problem in one line, as people and editors read it: `feature-defs/card.ts:14:5: group card_velocity: ...`. */
export function formatProblem(problem: Problem): string {
  const { kind, name, message, cure } = problem
  return `${formatPlace(problem)}: ${kind} ${name}: ${message}; ${cure}`
}

/** Definitions that cannot be used. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError'
  readonly code = 'DEFINITION_WRONG'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}
