import { showValue } from '../shown-value.ts'

/** Most values that a list may hold: an answer must stay small. */
export const LIST_VALUES_MAX = 1_000

/** What is wrong with the number of values that a list is asked to hold; null where nothing is. */
export function refuseLength(n: unknown): { readonly message: string; readonly cure: string } | null {
  return Number.isInteger(n) && (n as number) >= 1 && (n as number) <= LIST_VALUES_MAX
    ? null
    : { message: `a list of ${showValue(n)} values`, cure: `use a whole number from 1 to ${LIST_VALUES_MAX}` }
}
