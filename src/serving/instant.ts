import { showValue } from '../features/event-error.ts'
import { parseIsoTime } from '../features/iso-time.ts'
import { TIME_MS_MAX, TIME_MS_MIN } from '../timeline/column-type.ts'
import { ServingError } from './serving-error.ts'

const CURE = 'send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"'

/** The instant that a request asks for, in epoch milliseconds: null where it gives none. Throws a ServingError. */
export function readAt(at: unknown): number | null {
  if (at === undefined || at === null) return null
  const at_ms = typeof at === 'number' ? at : typeof at === 'string' ? parseIsoTime(at) : null
  if (at_ms === null || !Number.isInteger(at_ms)) {
    throw new ServingError('FIELD_VALUE', `at: ${showValue(at)} is not an instant`, {
      field: 'at',
      value: showValue(at),
      cure: CURE,
    })
  }
  if (at_ms < TIME_MS_MIN || at_ms >= TIME_MS_MAX) {
    throw new ServingError('FIELD_VALUE', `at: ${showValue(at)} is outside the years 2000 to 2100`, {
      field: 'at',
      value: showValue(at),
      cure: CURE,
    })
  }
  return at_ms
}
