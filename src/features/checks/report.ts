import type { Collected } from '../collect.ts'
import type { DefinitionData } from '../definition.ts'
import type { Problem } from '../problem.ts'

/** Where the checks of one definition tell what they find. */
export interface Report {
  error(message: string, cure: string): void
  warning(message: string, cure: string): void
}

/** A report that adds to a list of problems under a definition's file and name. */
export function reportOn(problems: Problem[], { file, data: { kind, name } }: Collected<DefinitionData>): Report {
  const add = (severity: Problem['severity']) => (message: string, cure: string) => {
    problems.push({ file, kind, name, message, cure, severity })
  }
  return { error: add('error'), warning: add('warning') }
}
