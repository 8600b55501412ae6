/**
 * The one canonical form of a column's values, whatever road they came by. The storage of each kind in a row:
 *
 * | kind   | canonical value                                    | bytes in a row |
 * |--------|----------------------------------------------------|----------------|
 * | string | text, well-formed Unicode, at most `bytesMax` UTF-8 bytes | 4 + its UTF-8  |
 * | int    | a safe integer (|x| < 2^53)                        | 8              |
 * | money  | a safe integer of minor units (`12.34` is 1234 at scale 2) | 8      |
 * | double | a finite double, |x| <= 1e290, never -0            | 8              |
 * | bool   | true or false                                      | 1              |
 * | enum   | one of `values`                                    | 2              |
 * | time   | epoch milliseconds, 2000-2100, served as ISO 8601 in UTC | 8        |
 */
export type ColumnType = (
  | { readonly kind: 'string'; readonly bytesMax: number }
  | { readonly kind: 'int' }
  | { readonly kind: 'money'; readonly scale: number }
  | { readonly kind: 'double' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'time' }
) & {
  /** Of a computed column: its values of another version are another column's (L7). Columns that events bring have none. */
  readonly version?: number
}

export type ColumnKind = ColumnType['kind']

/** A canonical value. Money and times are integers here; null is "not known". */
export type Value = string | number | boolean | null

/** Doubles are kept well inside the range, so that no sum of fewer than 1e18 of them can overflow. */
export const DOUBLE_MAX = 1e290

/** Longest text of a string column: a row must stay small. */
export const STRING_BYTES_MAX = 4_096

/** Times outside 2000-2100 are refused everywhere: the unit is wrong (L10). */
export const TIME_MS_MIN = Date.UTC(2000, 0, 1)
export const TIME_MS_MAX = Date.UTC(2100, 0, 1)

/**
 * Names the stored form of a type: two columns of one name whose identity differs are different columns of a timeline.
 * Enum values are not part of it, as they are only ever added to. `string@2`: of a computed column, its second version.
 */
export function typeIdentity(type: ColumnType): string {
  const form = type.kind === 'money' ? `money${type.scale}` : type.kind
  return type.version === undefined ? form : `${form}@${type.version}`
}
