import type { DefinitionData } from './definition.ts'

/** Something wrong with a definition. A warning does not keep it from being used. */
export interface Problem {
  readonly file: string
  readonly kind: DefinitionData['kind']
  /** The definition's name, as `card_velocity`. */
  readonly name: string
  /** What is wrong, naming the part and its value. */
  readonly message: string
  /** What to write instead. */
  readonly cure: string
  readonly severity: 'error' | 'warning'
}

/** A problem in one line, as people and editors read it: `feature-defs/card.ts: group card_velocity: ...`. */
export function formatProblem({ file, kind, name, message, cure }: Problem): string {
  return `${file}: ${kind} ${name}: ${message}; ${cure}`
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
