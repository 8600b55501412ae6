import type { FilterNode } from '../../timeline/filter.ts'
import type { ServiceData, SourceData } from '../definition.ts'
import { isOutcome } from '../schema-columns.ts'
import { servedNames } from '../served-name.ts'
import type { Report } from './report.ts'

/** Warns of runs that the event being scored always ends, as their filter is on what is not known of it yet: they are 0, whatever came before. */
export function checkScoredRuns(report: Report, { event, features }: ServiceData): void {
  for (const { group, picked, role } of features) {
    if (event?.name !== group.source.name || role !== null) continue
    for (const [name, { feature }] of servedNames(group)) {
      if (picked !== null && !picked.includes(name.slice(group.name.length + 2))) continue
      const { aggregate, of, where, excludeCurrent, delay } = group.features[feature]!.spec
      if (aggregate !== 'currentRun' || of === null || excludeCurrent || delay !== null) continue
      if (canHold(of, event) || (where !== null && !canHold(where, event))) continue
      const message = `${name} is always 0 here: its filter is on an outcome, so the event being scored ends the run`
      report.warning(message, `count the run of those before it: currentRun(...).excludeCurrent()`)
    }
  }
}

/** Whether a filter can give this for an event being scored, whose outcome is null. */
function canHold(filter: FilterNode, source: SourceData, wanted = true): boolean {
  switch (filter.op) {
    case 'not':
      return canHold(filter.filter, source, !wanted)
    case 'and':
    case 'or': {
      const asked = filter.filters.map((part) => canHold(part, source, wanted))
      return (filter.op === 'and') === wanted ? asked.every(Boolean) : asked.some(Boolean)
    }
    case 'null':
      return wanted || !isOutcome(source, filter.column)
    default:
      // A comparison with null is false.
      return !wanted || !isOutcome(source, filter.column)
  }
}
