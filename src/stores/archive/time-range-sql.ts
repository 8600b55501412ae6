import { type ClickHouseType, isInteger, secondDecimals } from './clickhouse-types.ts'

/** Event times `from_ms <= time < to_ms`; null: open. */
export interface TimeRange {
  readonly from_ms: number | null
  readonly to_ms: number | null
  readonly precision: 'ms' | 's'
}

/**
 * Conditions that hold for rows in a range of times, and for rows whose time is null or unreadable: whoever reads refuses
 * those by name. Where it can, it compares the column itself, so that ClickHouse skips what the table's order rules out.
 * `canonical` is the time in canonical form.
 */
export function timeRangeSql(type: ClickHouseType, raw: string, canonical: string, range: TimeRange): string[] {
  const bound = boundSql(type, range.precision)
  const parts: string[] = []
  if (range.from_ms !== null)
    parts.push(`${bound === null ? canonical : raw} >= ${bound?.(range.from_ms) ?? range.from_ms}`)
  if (range.to_ms !== null) parts.push(`${bound === null ? canonical : raw} < ${bound?.(range.to_ms) ?? range.to_ms}`)
  if (parts.length === 0) return []
  const readable = parts.join(' AND ')
  if (bound !== null && !type.nullable) return [readable]
  return [`(isNaN(${canonical}) OR isInfinite(${canonical}) OR ${readable})`]
}

/** Writes a bound in the column's own type; null where only the canonical form can be compared. */
function boundSql(type: ClickHouseType, precision: 'ms' | 's'): ((ms: number) => string) | null {
  if (isInteger(type) || type.name === 'String') return null
  const decimals = secondDecimals(type)
  // A time floored to a unit is at least a bound, or below it, exactly where the time itself is, once the bound is
  // brought up to a whole unit.
  const unit = precision === 's' || decimals === 0 ? 1_000 : 1
  const whole = (ms: number) => Math.ceil(ms / unit) * unit
  return (ms) => `fromUnixTimestamp64Milli(toInt64(${whole(ms)}), 'UTC')`
}
