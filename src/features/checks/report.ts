import type { Collected } from '../collect.ts'
import type { DefinitionData } from '../definition.ts'
import type { Problem } from '../problem.ts'

/** Where the checks of one definition tell what they find. */
export interface Report {
  error(message: string, cure: string): void
  warning(message: string, cure: string): void
  /** The same for one option of the definition, where its problems are shown: `report.at('features', 'tx_count')`. */
  at(...option: readonly string[]): Report
}

/** A report that adds to a list of problems under a definition's file and name. */
export function reportOn(problems: Problem[], { file, data }: Collected<DefinitionData>): Report {
  const { kind, name } = data
  const at = (...option: readonly string[]): Report => {
    const add = (severity: Problem['severity']) => (message: string, cure: string) => {
      problems.push({ file, line: null, column: null, kind, name, message, cure, severity, part: { data, option } })
    }
    return { error: add('error'), warning: add('warning'), at: (...inner) => at(...option, ...inner) }
  }
  return at()
}
