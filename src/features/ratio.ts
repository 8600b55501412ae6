/**
 * `a / b`, for derived values: null where either is null or undefined, where `b` is 0, and where the quotient is too big for
 * a number.
 */
export function ratio(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a === null || a === undefined || b === null || b === undefined) return null
  const quotient = a / b
  if (!Number.isFinite(quotient)) return null
  return quotient === 0 ? 0 : quotient
}
