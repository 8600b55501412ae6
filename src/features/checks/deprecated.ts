import { isWindowed } from '../../timeline/aggregate.ts'
import { quoteValue, showValue } from '../../timeline/shown-value.ts'
import type { Deprecated, GroupData, GroupView, ServiceData } from '../definition.ts'
import { deprecationOf, deprecationText, featureDeprecation } from '../deprecation.ts'
import { isOfWrongFeature, roleName, servedNames } from '../served-name.ts'
import type { Report } from './report.ts'

/** A month or a day of the calendar. */
const SINCE = /^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$/

/** Checks what a group or a service says of being deprecated. */
export function checkDeprecated(report: Report, { deprecated }: GroupData | ServiceData): void {
  if (deprecated === null) return
  checkSaid(report, 'deprecated', deprecated)
  const other = deprecated.replacedBy
  if (other !== undefined && other.deprecated !== null) {
    const cure = 'name what replaces that one'
    report.at('replacedBy').warning(`it is replaced by ${other.name}, which is deprecated itself`, cure)
  }
}

/** Checks which features of a group are deprecated, and by what they are replaced. */
export function checkDeprecatedFeatures(report: Report, group: GroupData): void {
  const names = Object.keys(group.features)
  for (const [feature, deprecated] of Object.entries(group.deprecatedFeatures)) {
    const part = report.at(feature)
    const option = `deprecatedFeatures.${feature}`
    if (!names.includes(feature)) {
      part.error(
        `deprecatedFeatures names '${feature}', which is no feature of the group`,
        `name one of ${names.join(', ')}`,
      )
      continue
    }
    checkSaid(part, option, deprecated)
    const { replacedBy } = deprecated
    if (typeof replacedBy === 'object') checkPicked(part.at('replacedBy'), option, replacedBy)
    if (typeof replacedBy !== 'string') continue
    const others = names.filter((name) => name !== feature)
    if (!others.includes(replacedBy)) {
      const what = replacedBy === feature ? 'the feature itself' : 'no feature of the group'
      const cure =
        others.length === 0
          ? `name features of another group, as other.pick('tx_count_7d')`
          : `name one of ${others.join(', ')}`
      part.at('replacedBy').error(`${option}.replacedBy is '${replacedBy}', ${what}`, cure)
    } else if (Object.hasOwn(group.deprecatedFeatures, replacedBy)) {
      const cure = 'name what replaces that one'
      part.at('replacedBy').warning(`'${feature}' is replaced by '${replacedBy}', which is deprecated itself`, cure)
    }
  }
}

/** Warns where a service still reads what is deprecated, unless it is so itself. */
export function checkReadsDeprecated(report: Report, service: ServiceData): void {
  if (service.deprecated !== null) return
  for (const { group, picked, role } of service.features) {
    const whole = deprecationOf(group.deprecated)
    if (whole !== null) {
      report.warning(`it reads group ${group.name}, which is ${deprecationText(whole)}`, 'take it out of features')
      continue
    }
    for (const [name, { feature, window }] of servedNames(group)) {
      if (picked !== null && !picked.includes(name.slice(group.name.length + 2))) continue
      const value = group.features[feature]
      const delay = isWindowed(value) ? value.spec.delay : null
      const said = featureDeprecation(group, feature, window, delay)
      if (said === null) continue
      const cure = picked === null ? `pick the others of ${group.name}` : 'take it out of the picks'
      report.warning(
        `it reads ${role === null ? name : roleName(role.name, group.name, name)}, which is ${deprecationText(said)}`,
        cure,
      )
    }
  }
}

function checkSaid(report: Report, option: string, { replacedBy, since, why }: Deprecated<unknown>): void {
  if (replacedBy === undefined && why === undefined) {
    report.error(`${option} says neither what to read instead nor why`, `add replacedBy, or why: 'no model reads it'`)
  }
  if (since !== undefined && !(typeof since === 'string' && SINCE.test(since))) {
    report.at('since').error(`${option}.since is ${showValue(since)}`, `write a month or a day, as '2026-11'`)
  }
  if (why !== undefined && typeof why !== 'string') {
    report.at('why').error(`${option}.why is not a text`, `write it in quotes, as why: 'counts refunds too'`)
  }
}

function checkPicked(report: Report, option: string, { group, picked }: GroupView): void {
  const known = [...servedNames(group).keys()].map((name) => name.slice(group.name.length + 2))
  for (const pick of picked ?? []) {
    if (known.includes(pick) || isOfWrongFeature(group, pick)) continue
    report.error(
      `${option}.replacedBy picks ${quoteValue(pick)}, which is no feature of ${group.name}`,
      `pick some of ${known.join(', ')}`,
    )
  }
  if (picked?.length === 0) report.error(`${option}.replacedBy picks nothing of ${group.name}`, 'pick a feature')
}
