import type { Given } from '../definition.ts'
import { nearestName } from '../nearest-name.ts'
import type { Report } from './report.ts'

/** Tells of options that there are not: what they say would be passed over. */
export function checkOptions(report: Report, { unknown = [] }: Given): void {
  for (const { path, known } of unknown) {
    const near = nearestName(path.at(-1)!, known)
    const cure = near === null ? `leave it out, or write one of ${known.join(', ')}` : `did you mean '${near}'?`
    report.at(...path).error(`there is no option ${path.join('.')}`, cure)
  }
}
