import { z } from 'zod'
import { aggregates } from '../../timeline/aggregates/index.ts'
import { quoteValue } from '../../timeline/shown-value.ts'
import type { GroupData, GroupView, Role, ServiceData } from '../definition.ts'
import { showValue } from '../event-error.ts'
import { isOutcome, laterThanScored } from '../schema-columns.ts'
import { isOfWrongFeature, roleName, servedNames } from '../served-name.ts'
import { checkDeprecated, checkReadsDeprecated } from './deprecated.ts'
import { checkDescribed } from './described.ts'
import { checkColumnName, checkName } from './names.ts'
import { checkOptions } from './options.ts'
import type { Report } from './report.ts'
import { checkScoredRuns } from './scored-run.ts'

/** Checks one service: what it reads, what it derives and what it is sent. */
export function checkService(report: Report, service: ServiceData): void {
  checkName(report, 'a service', service.name)
  checkDescribed(report, service)
  checkOptions(report, service)
  checkDeprecated(report.at('deprecated'), service)
  checkReadsDeprecated(report.at('features'), service)
  if (service.features.length === 0)
    report.at('features').error('it reads no features', 'name a group, as features: [cardVelocity]')
  const read = new Set<string>()
  for (const view of service.features) {
    for (const name of checkView(report.at('features'), service, view)) {
      if (read.has(name))
        report.at('features').error(`it reads ${name} twice`, 'name the group once, with all that is picked of it')
      read.add(name)
    }
  }
  checkReadsCurrent(report, service)
  checkScoredRuns(report.at('features'), service)
  for (const name of Object.keys(service.derive)) {
    const derived = report.at('derive', name)
    if (read.has(name)) derived.error(`the derived value '${name}' has the name of a feature`, 'give it another name')
    else checkName(derived, 'a derived value', name)
  }
  if (service.request !== null) checkRequest(report.at('request'), service.request)
}

/** Answers the served names that the view reads. */
function checkView(report: Report, service: ServiceData, { group, picked, role }: GroupView): string[] {
  if (role !== null) checkRole(report, service, group, role)
  const names = [...servedNames(group).keys()]
  const served = (name: string) => (role === null ? name : roleName(role.name, group.name, name))
  if (picked === null) return names.map(served)
  if (picked.length === 0) report.error(`it picks nothing of ${group.name}`, 'pick a feature, or name the whole group')
  return picked.flatMap((pick) => {
    const name = typeof pick === 'string' ? `${group.name}__${pick}` : null
    if (name !== null && names.includes(name)) return [served(name)]
    if (typeof pick === 'string' && isOfWrongFeature(group, pick)) return []
    const known = names.map((served) => served.slice(group.name.length + 2)).join(', ')
    report.error(`it picks ${quoteValue(pick)}, which is no feature of ${group.name}`, `pick some of ${known}`)
    return []
  })
}

function checkRole(report: Report, { event }: ServiceData, { name: group, entity }: GroupData, role: Role): void {
  checkName(report, 'a role', role.name)
  const keys = Object.entries(role.keys)
  const example = `as ${group}.as('${role.name}', { ${Object.keys(entity.key)[0]}: 'column' })`
  if (keys.length === 0) {
    report.error(
      `role '${role.name}' of ${group} maps no key, so it is about the same ${entity.name}`,
      `map one, ${example}`,
    )
  }
  for (const [key, mapped] of keys) {
    const later = event === null ? null : laterThanScored(event, mapped)
    if (!Object.hasOwn(entity.key, key)) {
      const cure = `map some of ${Object.keys(entity.key).join(', ')}`
      report.error(`role '${role.name}' of ${group} maps '${key}', which is no key of entity ${entity.name}`, cure)
    } else if (typeof mapped !== 'string') {
      report.error(
        `role '${role.name}' of ${group} maps '${key}' to ${showValue(mapped)}`,
        `map it to a name, ${example}`,
      )
    } else if (event !== null && later !== null) {
      const message =
        `role '${role.name}' of ${group} takes '${key}' from the column '${mapped}' of ${event.name}, ${later}: ` +
        'it is not known while the event is scored'
      const orElse = isOutcome(event, mapped) ? `, or take '${mapped}' out of outcome` : ''
      report.error(message, `map it to another column${orElse}`)
    } else checkColumnName(report, 'a key', mapped)
  }
}

/** Features that compare the event being scored with the others are null where there is none. */
function checkReadsCurrent(report: Report, { event, features }: ServiceData): void {
  for (const { group, picked, role } of features) {
    const isOwn = event?.name === group.source.name
    if (isOwn && role === null) continue
    for (const [name, { feature }] of servedNames(group)) {
      if (picked !== null && !picked.includes(name.slice(group.name.length + 2))) continue
      const { aggregate } = group.features[feature]!.spec
      if (!aggregates.get(aggregate)?.readsCurrent) continue
      const read = role === null ? name : roleName(role.name, group.name, name)
      const what = `it reads ${read}, and ${aggregate}() is about an event of ${group.source.name} that is being scored`
      if (isOwn) report.error(`${what}, which is none of the ${role!.name}`, `pick other features of ${group.name}`)
      else
        report.error(
          `${what}, of which it has none`,
          `add event: ${group.source.name}, or pick other features of ${group.name}`,
        )
    }
  }
}

function checkRequest(report: Report, request: z.core.$ZodObject): void {
  try {
    z.toJSONSchema(request, { io: 'input' })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    report.error(`the request cannot be told in JSON: ${why}`, 'use types that JSON has, as z.string() or z.int()')
  }
}
