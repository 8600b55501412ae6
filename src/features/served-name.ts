import { isWindowed } from '../timeline/aggregate.ts'
import { isSpan } from '../timeline/duration.ts'
import { showValue } from '../timeline/shown-value.ts'
import type { GroupData } from './definition.ts'

/** The name of one value: `card_velocity__spend_24h`, `merchant_risk__fraud_rate_7d_delayed_7d`. */
export function servedName(group: string, feature: string, window: string, delay: string | null): string {
  const suffix = delay === null ? '' : `_delayed_${spanText(delay)}`
  return `${group}__${feature}_${spanText(window)}${suffix}`
}

/** What is no text is told as wrong, and has a name until then. */
function spanText(span: unknown): string {
  return typeof span === 'string' ? span : showValue(span)
}

/** The name of a group's value in a role: `payee__spend_24h`. */
export function roleName(role: string, group: string, name: string): string {
  return `${role}${name.slice(group.length)}`
}

/** What a group serves, by name: the feature and the window behind it. Features without windows serve nothing. */
export function servedNames(group: GroupData): Map<string, { readonly feature: string; readonly window: string }> {
  const names = new Map<string, { readonly feature: string; readonly window: string }>()
  for (const [feature, value] of Object.entries(group.features)) {
    if (!isWindowed(value)) continue
    const { windows, delay } = value.spec
    for (const window of windows) names.set(servedName(group.name, feature, window, delay), { feature, window })
  }
  return names
}

/**
 * Whether a name may be one that a feature of the group serves once it is mended, as its window is no duration now, or it has none. That is told
 * where the feature is defined, and by nobody who reads it.
 */
export function isOfWrongFeature(group: GroupData, name: string): boolean {
  return Object.entries(group.features).some(([feature, value]) => name.startsWith(`${feature}_`) && !isSound(value))
}

function isSound(value: unknown): boolean {
  if (!isWindowed(value)) return false
  const { windows, delay } = value.spec
  const spans: readonly unknown[] = delay === null ? windows : [...windows, delay]
  return windows.length > 0 && spans.every(isSpan)
}
