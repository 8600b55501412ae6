import { checkEntity } from './checks/entity.ts'
import { checkGroup } from './checks/group.ts'
import { reportOn } from './checks/report.ts'
import { checkService } from './checks/service.ts'
import { checkSource } from './checks/source.ts'
import { checkUnique } from './checks/unique.ts'
import type { Definitions } from './collect.ts'
import type { Problem } from './problem.ts'

/** Everything that is wrong with definitions by themselves, in the order of files as they were collected. */
export function checkDefinitions(definitions: Definitions): Problem[] {
  const problems: Problem[] = []
  for (const source of definitions.sources) checkSource(reportOn(problems, source), source.data)
  for (const entity of definitions.entities) checkEntity(reportOn(problems, entity), entity.data)
  for (const group of definitions.groups) checkGroup(reportOn(problems, group), group.data)
  for (const service of definitions.services) checkService(reportOn(problems, service), service.data)
  checkUnique(problems, definitions)
  return problems
}
