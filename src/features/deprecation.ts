import { isWindowed } from '../timeline/aggregate.ts'
import type { Deprecated, GroupData, GroupView } from './definition.ts'
import type { Deprecation } from './model.ts'
import { servedName } from './served-name.ts'

/** What a group, or a service, says of being deprecated. */
export function deprecationOf(deprecated: Deprecated<{ readonly name: string }> | null): Deprecation | null {
  if (deprecated === null) return null
  const { replacedBy } = deprecated
  return { replacedBy: replacedBy === undefined ? [] : [replacedBy.name], ...said(deprecated) }
}

/** What is said of one served value of a group: of its feature, else of the whole group. */
export function featureDeprecation(
  group: GroupData,
  feature: string,
  window: string,
  delay: string | null,
): Deprecation | null {
  const own = Object.hasOwn(group.deprecatedFeatures, feature) ? group.deprecatedFeatures[feature]! : null
  if (own !== null) {
    const { replacedBy } = own
    const named = replacedBy === undefined ? [] : replacements(group, replacedBy)
    return { replacedBy: alike(named, window, delay), ...said(own) }
  }
  const whole = deprecationOf(group.deprecated)
  const other = group.deprecated?.replacedBy
  if (whole === null || other === undefined) return whole
  const same = served(other).filter((value) => value.feature === feature && isAlike(value, window, delay))
  return same.length === 0 ? whole : { ...whole, replacedBy: same.map(({ name }) => name) }
}

/** What is no text is told as wrong by the check, and left out here. */
function said({ since, why }: Deprecated<unknown>): Pick<Deprecation, 'since' | 'why'> {
  return { since: typeof since === 'string' ? since : null, why: typeof why === 'string' ? why : null }
}

/** `deprecated since 2026-11: read card_velocity__payments_7d instead; it counts refunds too`. */
export function deprecationText({ replacedBy, since, why }: Deprecation): string {
  const parts = [replacedBy.length === 0 ? null : `read ${replacedBy.join(', ')} instead`, why]
  const rest = parts.filter((part) => part !== null).join('; ')
  return `deprecated${since === null ? '' : ` since ${since}`}${rest === '' ? '' : `: ${rest}`}`
}

interface Served {
  readonly name: string
  readonly feature: string
  readonly window: string
  readonly delay: string | null
}

function served(group: GroupData): Served[] {
  return Object.entries(group.features).flatMap(([feature, value]) => {
    if (!isWindowed(value)) return []
    const { windows, delay } = value.spec
    return windows.map((window) => ({ name: servedName(group.name, feature, window, delay), feature, window, delay }))
  })
}

function replacements(group: GroupData, by: string | GroupView): Served[] {
  if (typeof by === 'string') return served(group).filter(({ feature }) => feature === by)
  const { picked } = by
  return served(by.group).filter(({ name }) => picked === null || picked.includes(name.slice(by.group.name.length + 2)))
}

/** Those of the same window, where there are any. */
function alike(all: readonly Served[], window: string, delay: string | null): string[] {
  const same = all.filter((value) => isAlike(value, window, delay))
  return (same.length > 0 ? same : all).map(({ name }) => name)
}

function isAlike(value: Served, window: string, delay: string | null): boolean {
  return value.window === window && value.delay === delay
}
